using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Godwit.VirtApi.Subresources;

/// <summary>The subresources of VMIs that the agent of the VMI's node carries out, beside the console.</summary>
internal sealed class VmiSubresources(ApiClient api, FrontProxy proxy, AgentLink agents, TimeProvider clock)
{
    private const int MostBodyBytes = 1 << 20;

    /// <summary>What they are called, and the verb that each takes.</summary>
    public static IReadOnlyList<(string Name, string Verb)> All { get; } =
    [
        ("pause", "update"),
        ("unpause", "update"),
        ("reset", "update"),
        ("softreboot", "update"),
        ("vnc", "get"),
        ("vnc/screenshot", "get"),
        ("guestosinfo", "get"),
        ("userlist", "get"),
        ("filesystemlist", "get"),
        ("portforward", "get"),
    ];

    public void Map(IEndpointRouteBuilder routes, string root)
    {
        MapPut(routes, root, "pause", VmiSubresourceRules.Pause);
        MapPut(routes, root, "unpause", VmiSubresourceRules.Unpause);
        MapPut(routes, root, "reset", VmiSubresourceRules.Reset);
        MapPut(routes, root, "softreboot", VmiSubresourceRules.SoftReboot);
        MapGet(routes, root, "vnc", (context, key) => StreamAsync(context, key, "vnc", VmiSubresourceRules.Vnc));
        MapGet(routes, root, "vnc/screenshot", (context, key) => GetAsync(context, key, "vnc/screenshot", VmiSubresourceRules.Vnc));
        MapGet(routes, root, "guestosinfo", (context, key) => GetAsync(context, key, "guestosinfo", VmiSubresourceRules.GuestAgent));
        MapGet(routes, root, "userlist", (context, key) => GetAsync(context, key, "userlist", VmiSubresourceRules.GuestAgent));
        MapGet(routes, root, "filesystemlist", (context, key) => GetAsync(context, key, "filesystemlist", VmiSubresourceRules.GuestAgent));
        MapPorts(routes, $"{root}/namespaces/{{namespace}}/virtualmachineinstances/{{name}}/portforward/{{port}}");
    }

    /// <summary>Port and protocol are part of the path, but not of what a user must be allowed.</summary>
    private void MapPorts(IEndpointRouteBuilder routes, string route)
    {
        routes.MapGet(
            route,
            (HttpContext context, string @namespace, string name, string port) => GuardAsync(
                context, new(@namespace, name), "portforward", "get", key => PortAsync(context, key, port, "tcp")));
        routes.MapGet(
            $"{route}/{{protocol}}",
            (HttpContext context, string @namespace, string name, string port, string protocol) => GuardAsync(
                context, new(@namespace, name), "portforward", "get", key => PortAsync(context, key, port, protocol)));
    }

    private async Task<SubresourceRefusal?> PortAsync(HttpContext context, NamespacedName key, string port, string protocol)
    {
        var ct = context.RequestAborted;
        if (await ReadAsync(key, ct) is not { } vmi)
        {
            return SubresourceRefusal.NotFound(key.Name);
        }

        var target = PortTarget.Decide(vmi, port, protocol);
        return target.Refusal ?? (context.WebSockets.IsWebSocketRequest
            ? await PortStream.RunAsync(context, target.Endpoint!, clock)
            : SubresourceRefusal.BadRequest("portforward is a WebSocket; this request is no upgrade to one"));
    }

    private void MapGet(
        IEndpointRouteBuilder routes, string root, string subresource, Func<HttpContext, NamespacedName, Task<SubresourceRefusal?>> serve) =>
        routes.MapGet(
            $"{root}/namespaces/{{namespace}}/virtualmachineinstances/{{name}}/{subresource}",
            (HttpContext context, string @namespace, string name) => GuardAsync(
                context, new(@namespace, name), subresource, "get", key => serve(context, key)));

    private void MapPut(IEndpointRouteBuilder routes, string root, string subresource, Func<VirtualMachineInstance, SubresourceRefusal?> rule) =>
        routes.MapPut(
            $"{root}/namespaces/{{namespace}}/virtualmachineinstances/{{name}}/{subresource}",
            (HttpContext context, string @namespace, string name) => GuardAsync(
                context, new(@namespace, name), subresource, "update", key => PutAsync(context, key, subresource, rule)));

    /// <summary>Lets those in who may, and answers with a Status what is refused.</summary>
    private async Task GuardAsync(
        HttpContext context, NamespacedName key, string subresource, string verb, Func<NamespacedName, Task<SubresourceRefusal?>> serve)
    {
        var ct = context.RequestAborted;
        SubresourceRefusal? refusal;
        try
        {
            refusal = await proxy.IdentifyAsync(context, ct) is not { } user
                ? new(401, "Unauthorized", "only the API server may call this; use its address")
                : await AccessReview.RefusalAsync(api, user, key, subresource, verb, ct) is { } forbidden
                    ? new(403, "Forbidden", forbidden)
                    : await serve(key);
        }
        catch (ApiException e)
        {
            refusal = new(e.Code >= 400 ? e.Code : 500, e.Reason.Length > 0 ? e.Reason : "InternalError", e.Status.Message ?? e.Message);
        }

        if (refusal is not null)
        {
            context.Response.StatusCode = refusal.Code;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(refusal.ToStatus().ToJsonString(), ct);
        }
    }

    private async Task<SubresourceRefusal?> PutAsync(
        HttpContext context, NamespacedName key, string subresource, Func<VirtualMachineInstance, SubresourceRefusal?> rule)
    {
        var ct = context.RequestAborted;
        if (await ReadBodyAsync(context, ct) is not { } body)
        {
            return SubresourceRefusal.BadRequest($"the request's body has more than {MostBodyBytes} bytes");
        }

        JsonObject? wanted;
        try
        {
            wanted = body.Length == 0 ? null : JsonNode.Parse(body, documentOptions: ChangeOptions.Strict) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (JsonException e)
        {
            return SubresourceRefusal.BadRequest($"Can not unmarshal Request body to struct, error: {e.Message}");
        }

        if (await ReadAsync(key, ct) is not { } vmi)
        {
            return SubresourceRefusal.NotFound(key.Name);
        }

        var refusal = rule(vmi);
        if (refusal is not null || IsDryRun(wanted))
        {
            return refusal;
        }

        var answer = await agents.SendAsync(HttpMethod.Put, vmi, subresource, body, ct);
        return answer switch
        {
            { IsSuccess: true } => null,
            { Code: 400 } => SubresourceRefusal.BadRequest(answer.Text),
            { Code: 409 } => SubresourceRefusal.Conflict(key.Name, answer.Text),
            _ => SubresourceRefusal.Internal(answer.Text.Length > 0 ? answer.Text : $"the agent of node \"{vmi.Status!.NodeName}\" answered {answer.Code}"),
        };
    }

    private async Task<SubresourceRefusal?> StreamAsync(
        HttpContext context, NamespacedName key, string subresource, Func<VirtualMachineInstance, SubresourceRefusal?> rule)
    {
        if (await ReadAsync(key, context.RequestAborted) is not { } vmi)
        {
            return SubresourceRefusal.NotFound(key.Name);
        }

        return rule(vmi) ?? (context.WebSockets.IsWebSocketRequest
            ? await agents.StreamAsync(context, vmi, subresource)
            : SubresourceRefusal.BadRequest($"{subresource} is a WebSocket; this request is no upgrade to one"));
    }

    /// <summary>Whatever is wrong, KubeVirt answers such a GET with 500 and the bare text.</summary>
    private async Task<SubresourceRefusal?> GetAsync(
        HttpContext context, NamespacedName key, string subresource, Func<VirtualMachineInstance, SubresourceRefusal?> rule)
    {
        var ct = context.RequestAborted;
        var vmi = await ReadAsync(key, ct);
        var refusal = vmi is null ? SubresourceRefusal.NotFound(key.Name) : rule(vmi);
        var answer = refusal is null
            ? await agents.SendAsync(HttpMethod.Get, vmi!, subresource, body: null, ct)
            : AgentAnswer.Failed(refusal.Message);
        context.Response.StatusCode = answer.IsSuccess ? 200 : 500;
        context.Response.ContentType = answer.ContentType;
        await context.Response.Body.WriteAsync(answer.Body, ct);
        return null;
    }

    private Task<VirtualMachineInstance?> ReadAsync(NamespacedName key, CancellationToken ct) =>
        api.TryGetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, ct);

    private static bool IsDryRun(JsonObject? options) => options.At("dryRun") is JsonArray { Count: > 0 } stages && stages[0].Text() == "All";

    private static async Task<byte[]?> ReadBodyAsync(HttpContext context, CancellationToken ct)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[8192];
        while (await context.Request.Body.ReadAsync(buffer, ct) is > 0 and var count)
        {
            memory.Write(buffer, 0, count);
            if (memory.Length > MostBodyBytes)
            {
                return null;
            }
        }

        return memory.ToArray();
    }
}
