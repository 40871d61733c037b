using System.Text.Json.Nodes;
using System.Threading.Channels;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>
/// Plays scheduler, kubelets and the agents of all nodes: target pods run at once, and a migration that was handed over goes
/// through the writes that real agents make, without a guest.
/// </summary>
/// <param name="api">Its own word to the API server.</param>
/// <param name="target">The node that the guest with this number goes to.</param>
internal sealed class PlayedAgents(ApiClient api, Func<int, string> target)
{
    private const int Workers = 8;
    private readonly Channel<Func<Task>> _work = Channel.CreateUnbounded<Func<Task>>();

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await Task.WhenAll(
            [
                WatchAsync(Kinds.Pod, TypesJson.Default.Pod, PodAsync, ct),
                WatchAsync(Kinds.VirtualMachineInstance, TypesJson.Default.VirtualMachineInstance, VmiAsync, ct),
                .. Enumerable.Range(0, Workers).Select(_ => WorkAsync(ct)),
            ]);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The measurement is over.
        }
    }

    private async Task WatchAsync<T>(
        ResourceKind kind, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, Func<T, Task> seen, CancellationToken ct)
        where T : class
    {
        var options = new WatchOptions();
        while (true)
        {
            await foreach (var item in api.WatchAsync(kind, "default", type, options, ct))
            {
                options = options with { ResourceVersion = item.Identity.ResourceVersion };
                if (item is { Object: { } now, Type: WatchEventType.Added or WatchEventType.Modified })
                {
                    await _work.Writer.WriteAsync(() => seen(now), ct);
                }
            }
        }
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        await foreach (var work in _work.Reader.ReadAllAsync(ct))
        {
            try
            {
                await work();
            }
            catch (ApiException e) when (e.IsConflict)
            {
                // Somebody was faster, and its event comes after the one that was acted on.
            }
        }
    }

    private async Task PodAsync(Pod pod)
    {
        if (pod.Metadata.Label(Labels.MigrationJobUid) is null || pod.Spec?.NodeName is { Length: > 0 })
        {
            return;
        }

        var key = new NamespacedName("default", pod.Metadata.Name!);
        var vmi = pod.Metadata.Controller()!.Name!;
        // Guest 17 leaves node 1; it goes to the node across.
        var number = int.Parse(vmi[(vmi.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        await api.CreateSubresourceAsync(
            Kinds.Pod,
            key,
            "binding",
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Binding",
                ["metadata"] = new JsonObject { ["name"] = key.Name },
                ["target"] = new JsonObject { ["kind"] = "Node", ["name"] = target(number) },
            });
        await api.PatchAsync(Kinds.Pod, key, PatchKind.Merge, JsonNode.Parse(Seed.Running)!, WriteOptions.Status);
    }

    private async Task VmiAsync(VirtualMachineInstance vmi)
    {
        if (vmi.Status?.MigrationState is not { Completed: not true } state)
        {
            return;
        }

        var name = vmi.Metadata.Name!;
        var now = Timestamps.Format(TimeProvider.System.GetUtcNow());
        if (string.IsNullOrEmpty(state.TargetNodeAddress))
        {
            await PatchAsync(name, $$$$"""{"status":{"migrationState":{"targetNodeAddress":"10.0.0.2","migrationUid":"{{{{state.MigrationUid}}}}"}}}""");
        }
        else if (state.StartTimestamp is null)
        {
            await PatchAsync(name, $$$$"""{"status":{"migrationState":{"startTimestamp":"{{{{now}}}}"}}}""");
        }
        else if (vmi.Status.OwnerPodUID != state.TargetPodUID)
        {
            await PatchAsync(name, $$$$"""
                {"metadata":{"labels":{"kubevirt.io/nodeName":"{{{{state.TargetNode}}}}"}},
                 "status":{"nodeName":"{{{{state.TargetNode}}}}","ownerPodUID":"{{{{state.TargetPodUID}}}}"}}
                """);
        }
        else
        {
            await PatchAsync(name, $$$$"""
                {"metadata":{"labels":{"kubevirt.io/migrationTargetNodeName":null}},
                 "status":{"migrationState":{"targetNodeDomainReadyTimestamp":"{{{{now}}}}","completed":true,"endTimestamp":"{{{{now}}}}","pauseMs":12}}}
                """);
            await EndAsync(new NamespacedName("default", state.SourcePod!));
        }
    }

    private async Task EndAsync(NamespacedName pod)
    {
        try
        {
            await api.PatchAsync(
                Kinds.Pod, pod, PatchKind.Merge, JsonNode.Parse("""{"status":{"phase":"Succeeded"}}""")!, WriteOptions.Status);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // The guest's earlier pods are cleared away when it has moved often enough.
        }
    }

    private Task PatchAsync(string name, string patch) => api.PatchAsync(
        Kinds.VirtualMachineInstance, new NamespacedName("default", name), PatchKind.Merge, JsonNode.Parse(patch)!);
}
