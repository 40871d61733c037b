using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Keeps new guests off nodes whose agent is silent, and gives up guests that went with their node.</summary>
internal sealed class NodeReconciler(ApiClient api, Caches caches, Heartbeats heartbeats, EventRecorder events, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        if (caches.Nodes.Get(key) is not { } node)
        {
            heartbeats.Forget(key.Name);
            return Result.Done;
        }

        if (!NodeDecisions.IsSilent(heartbeats.Silence(node)))
        {
            return Result.After(Period);
        }

        if (node.Metadata.Label(Labels.Schedulable) == "true")
        {
            await api.PatchAsync(
                Kinds.Node,
                key,
                PatchKind.Merge,
                new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Labels.Schedulable] = "false" } } },
                ct: ct);
        }

        foreach (var vmi in caches.VmisOn(key.Name).Where(vmi => NodeDecisions.IsLost(vmi, key.Name, caches.PodsOf(vmi))))
        {
            await GiveUpAsync(vmi, key.Name, ct);
        }

        return Result.After(Period);
    }

    private async Task GiveUpAsync(VirtualMachineInstance vmi, string node, CancellationToken ct)
    {
        var lost = NodeDecisions.Lost(vmi, clock.GetUtcNow());
        await api.PatchAsync(
            Kinds.VirtualMachineInstance,
            vmi.Key(),
            PatchKind.Merge,
            ApiObjects.Patch(vmi, lost, TypesJson.Default.VirtualMachineInstance)!,
            TypesJson.Default.VirtualMachineInstance,
            ct: ct);
        events.Normal(
            vmi.Reference(Kinds.VirtualMachineInstance),
            EventReasons.NodeUnresponsive,
            $"virt-handler on node {node} is not responsive, marking VMI as failed");
    }
}
