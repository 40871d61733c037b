using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Admission;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Godwit.VirtApi.Subresources;

/// <summary>The subresources that only write API objects: start, stop, restart and migrate of virtual machines, and the end of evacuations.</summary>
internal sealed class VirtualMachineEndpoints(ApiClient api, FrontProxy proxy, ClusterFacts facts)
{
    private const string Vms = "virtualmachines";
    private const string Vmis = "virtualmachineinstances";
    private const int MostBodyBytes = 1 << 20;

    /// <summary>So often is a change made anew when the virtual machine changed in between.</summary>
    private const int Attempts = 5;

    /// <summary>What they are called; the verb of all is <c>update</c>.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        $"{Vms}/start", $"{Vms}/stop", $"{Vms}/restart", $"{Vms}/migrate", $"{Vms}/evacuate/cancel", $"{Vmis}/evacuate/cancel",
    ];

    public void Map(IEndpointRouteBuilder routes, string root)
    {
        Put(Vms, "start", (key, options, ct) => ChangeAsync(key, options, VirtualMachineRules.Start, ct));
        Put(Vms, "stop", (key, options, ct) => ChangeAsync(key, options, VirtualMachineRules.Stop, ct));
        Put(Vms, "restart", (key, options, ct) => ChangeAsync(key, options, VirtualMachineRules.Restart, ct));
        Put(Vms, "migrate", MigrateAsync);
        Put(Vms, "evacuate/cancel", async (key, options, ct) => await VmAsync(key, ct) switch
        {
            null => ChangeAnswer.NotFound("virtualmachine", key.Name),
            { Status.Created: true } => await CancelEvacuationAsync(key, options, ct),
            _ => ChangeAnswer.Conflict("virtualmachine", key.Name, "VMI is not started"),
        });
        Put(Vmis, "evacuate/cancel", CancelEvacuationAsync);

        void Put(string resource, string subresource, Func<NamespacedName, ChangeOptions, CancellationToken, Task<ChangeAnswer>> serve) =>
            routes.MapPut(
                $"{root}/namespaces/{{namespace}}/{resource}/{{name}}/{subresource}",
                async (HttpContext context, string @namespace, string name) => await SendAsync(
                    context, await AnswerAsync(context, new(@namespace, name), resource, subresource, serve)));
    }

    private async Task<ChangeAnswer> AnswerAsync(
        HttpContext context,
        NamespacedName key,
        string resource,
        string subresource,
        Func<NamespacedName, ChangeOptions, CancellationToken, Task<ChangeAnswer>> serve)
    {
        var ct = context.RequestAborted;
        try
        {
            if (await proxy.IdentifyAsync(context, ct) is not { } user)
            {
                return new ChangeAnswer(401, "Unauthorized", "only the API server may call this; use its address");
            }

            if (await AccessReview.RefusalAsync(api, user, key, subresource, "update", ct, resource) is { } refusal)
            {
                return new ChangeAnswer(403, "Forbidden", refusal);
            }

            return await serve(key, ChangeOptions.Read(await BodyAsync(context, ct)), ct);
        }
        catch (FormatException e)
        {
            return ChangeAnswer.BadRequest($"Can not unmarshal Request body to struct, error: {e.Message}");
        }
        catch (ApiException e)
        {
            return ChangeAnswer.Failed(e.Status.Message ?? e.Message);
        }
    }

    private async Task<ChangeAnswer> ChangeAsync(
        NamespacedName key,
        ChangeOptions options,
        Func<VirtualMachine, VirtualMachineInstance?, ChangeOptions, VirtualMachineChange> decide,
        CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await VmAsync(key, ct) is not { } vm)
            {
                return ChangeAnswer.NotFound("virtualmachine", key.Name);
            }

            var change = decide(vm, await VmiAsync(key, ct), options);
            if (change.Refusal is { } refusal)
            {
                return refusal;
            }

            try
            {
                await WriteAsync(vm, change, options.DryRun, ct);
                return ChangeAnswer.Accepted;
            }
            catch (ApiException e) when (e.IsConflict && attempt < Attempts)
            {
                // virt-controller wrote in between: the wish is judged anew.
            }
            catch (ApiException e) when (e.IsConflict)
            {
                return ChangeAnswer.Conflict("virtualmachine", key.Name, e.Status.Message ?? e.Message);
            }
        }
    }

    private async Task WriteAsync(VirtualMachine vm, VirtualMachineChange change, bool dryRun, CancellationToken ct)
    {
        var key = new NamespacedName(vm.Metadata.Namespace!, vm.Metadata.Name!);
        if (change.GracePeriodSeconds is { } grace)
        {
            await api.PatchAsync(
                Kinds.VirtualMachineInstance,
                key,
                PatchKind.Merge,
                new JsonObject { ["spec"] = new JsonObject { ["terminationGracePeriodSeconds"] = grace } },
                new WriteOptions { DryRun = dryRun },
                ct);
        }

        if ((change.Spec ?? change.Status) is { } patch)
        {
            patch.Ensure("metadata")["resourceVersion"] = vm.Metadata.ResourceVersion;
            await api.PatchAsync(
                Kinds.VirtualMachine,
                key,
                PatchKind.Merge,
                patch,
                new WriteOptions { DryRun = dryRun, Subresource = change.Spec is null ? "status" : null },
                ct);
        }
    }

    private async Task<ChangeAnswer> MigrateAsync(NamespacedName key, ChangeOptions options, CancellationToken ct)
    {
        if (await VmAsync(key, ct) is null)
        {
            return ChangeAnswer.NotFound("virtualmachine", key.Name);
        }

        if (VirtualMachineRules.Migrate(key.Name, await VmiAsync(key, ct)) is { } refusal)
        {
            return refusal;
        }

        await api.CreateAsync(
            Kinds.VirtualMachineInstanceMigration,
            key.Namespace,
            VirtualMachineRules.Migration(key, options),
            TypesJson.Default.VirtualMachineInstanceMigration,
            new WriteOptions { DryRun = options.DryRun },
            ct);
        return ChangeAnswer.Accepted;
    }

    private async Task<ChangeAnswer> CancelEvacuationAsync(NamespacedName key, ChangeOptions options, CancellationToken ct)
    {
        const string Path = "/status/evacuationNodeName";
        if (options.IsEmpty)
        {
            return ChangeAnswer.BadRequest("No body");
        }

        if (await VmiAsync(key, ct) is not { } vmi)
        {
            return ChangeAnswer.NotFound("virtualmachineinstance", key.Name);
        }

        var marked = vmi.Status?.EvacuationNodeName is { Length: > 0 };
        if ((marked ? vmi.Status!.EvacuationNodeName : vmi.Status?.NodeName) is { Length: > 0 } name)
        {
            var node = await api.TryGetAsync(Kinds.Node, NamespacedName.Cluster(name), TypesJson.Default.Node, ct);
            var taint = (await facts.ConfigurationAsync(ct)).Migrations.NodeDrainTaintKey ?? Taints.Drain;
            if (VirtualMachineRules.CancelEvacuation(node, taint) is { } refusal)
            {
                return refusal;
            }
        }

        if (marked)
        {
            var patch = new JsonArray((JsonNode)JsonPatch.Test(Path, options.EvacuationNodeName), (JsonNode)JsonPatch.Remove(Path));
            await api.PatchAsync(
                Kinds.VirtualMachineInstance, key, PatchKind.Json, patch, new WriteOptions { DryRun = options.DryRun }, ct);
        }

        return ChangeAnswer.Done;
    }

    private Task<VirtualMachine?> VmAsync(NamespacedName key, CancellationToken ct) =>
        api.TryGetAsync(Kinds.VirtualMachine, key, TypesJson.Default.VirtualMachine, ct);

    private Task<VirtualMachineInstance?> VmiAsync(NamespacedName key, CancellationToken ct) =>
        api.TryGetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, ct);

    private static async Task<byte[]> BodyAsync(HttpContext context, CancellationToken ct)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[4096];
        while (await context.Request.Body.ReadAsync(buffer, ct) is > 0 and var count)
        {
            if (memory.Length + count > MostBodyBytes)
            {
                throw new FormatException($"it has more than {MostBodyBytes} bytes");
            }

            memory.Write(buffer, 0, count);
        }

        return memory.ToArray();
    }

    private static Task SendAsync(HttpContext context, ChangeAnswer answer)
    {
        context.Response.StatusCode = answer.Code;
        if (answer.ToStatus() is not { } status)
        {
            return Task.CompletedTask;
        }

        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(status.ToJsonString(), context.RequestAborted);
    }
}
