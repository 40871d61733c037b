using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Admission;
using Godwit.VirtApi.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtApi.Subresources;

/// <summary>The group <c>subresources.kubevirt.io</c>: discovery, and consoles by way of the agent on the VMI's node.</summary>
internal sealed partial class SubresourceEndpoints(
    ApiClient api, VirtApiOptions options, ServingCertificates certificates, ILogger logger, TimeProvider clock)
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);
    private readonly FrontProxy _proxy = new(api, clock);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/apis", static context => JsonAsync(context, SubresourceDiscovery.ApiGroupList()));
        routes.MapGet($"/apis/{SubresourceDiscovery.Group}", static context => JsonAsync(context, SubresourceDiscovery.ApiGroup()));
        var vms = new VirtualMachineEndpoints(api, _proxy, new ClusterFacts(api, logger));
        var vmis = new VmiSubresources(api, _proxy, new AgentLink(api, options, certificates, clock), clock);
        foreach (var version in SubresourceDiscovery.Versions)
        {
            var root = $"/apis/{SubresourceDiscovery.Group}/{version}";
            routes.MapGet(root, context => JsonAsync(context, SubresourceDiscovery.ApiResourceList(version)));
            routes.MapGet(
                $"{root}/namespaces/{{namespace}}/virtualmachineinstances/{{name}}/console",
                (HttpContext context, string @namespace, string name) => ConsoleAsync(context, new(@namespace, name)));
            vms.Map(routes, root);
            vmis.Map(routes, root);
        }
    }

    private async Task ConsoleAsync(HttpContext context, NamespacedName key)
    {
        var ct = context.RequestAborted;
        try
        {
            if (await _proxy.IdentifyAsync(context, ct) is not { } user)
            {
                await RefuseAsync(context, 401, "Unauthorized", "only the API server may call this; use its address");
            }
            else if (await AccessReview.RefusalAsync(api, user, key, "console", "get", ct) is { } refusal)
            {
                await RefuseAsync(context, 403, "Forbidden", refusal);
            }
            else if (!context.WebSockets.IsWebSocketRequest)
            {
                await RefuseAsync(context, 400, "BadRequest", "a console is a WebSocket; this request is no upgrade to one");
            }
            else
            {
                await ConnectAsync(context, key, ct);
            }
        }
        catch (ApiException e)
        {
            await RefuseAsync(context, e.Code >= 400 ? e.Code : 500, e.Reason.Length > 0 ? e.Reason : "InternalError", e.Status.Message ?? e.Message);
        }
    }

    private async Task ConnectAsync(HttpContext context, NamespacedName key, CancellationToken ct)
    {
        var vmi = await api.GetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, ct: ct);
        var node = vmi.Status?.NodeName is { Length: > 0 } nodeName
            ? await api.TryGetAsync(Kinds.Node, NamespacedName.Cluster(nodeName), TypesJson.Default.Node, ct)
            : null;
        var target = ConsoleTarget.Decide(vmi, node, options.HandlerPort);
        if (target.Endpoint is not { } endpoint)
        {
            await RefuseAsync(context, target.Code, target.Code == 409 ? "Conflict" : "InternalError", target.Refusal);
            return;
        }

        var handshake = new AgentHandshake(certificates, clock);
        using var handler = new SocketsHttpHandler { SslOptions = handshake.Options };
        using var invoker = new HttpMessageInvoker(handler);
        using var agent = new ClientWebSocket();
        agent.Options.AddSubProtocol(Consoles.Subprotocol);
        agent.Options.CollectHttpResponseDetails = true;
        try
        {
            using var timeout = new CancellationTokenSource(DialTimeout, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
            await agent.ConnectAsync(new Uri($"wss://{endpoint}{Consoles.Path(key.Namespace, key.Name)}"), invoker, linked.Token);
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            LogNoAgent(logger, key, endpoint.ToString(), handshake.Explain(e));
            var code = (int)agent.HttpStatusCode;
            await RefuseAsync(
                context,
                code is 404 or 409 ? 409 : 502,
                code is 404 or 409 ? "Conflict" : "InternalError",
                code is 404 or 409
                    ? "VMI is not running"
                    : $"the agent of node \"{vmi.Status!.NodeName}\" cannot be reached at {endpoint}: {handshake.Explain(e)}");
            return;
        }

        using var client = await context.WebSockets.AcceptWebSocketAsync(
            context.WebSockets.WebSocketRequestedProtocols.Contains(Consoles.Subprotocol) ? Consoles.Subprotocol : null);
        await StreamBridge.RunAsync(client, agent, ct);
    }

    private static Task RefuseAsync(HttpContext context, int code, string reason, string message)
    {
        context.Response.StatusCode = code;
        return JsonAsync(context, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = message,
            ["reason"] = reason,
            ["code"] = code,
        });
    }

    private static Task JsonAsync(HttpContext context, JsonObject document)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(document.ToJsonString(), context.RequestAborted);
    }

    [LoggerMessage(320, LogLevel.Warning, "No console of {Vmi}: the agent at {Endpoint} cannot be reached: {Error}")]
    private static partial void LogNoAgent(ILogger logger, NamespacedName vmi, string endpoint, string error);
}
