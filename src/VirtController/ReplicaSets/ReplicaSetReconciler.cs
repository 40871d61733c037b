using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Keeps the number of a replica set's VMIs.</summary>
internal sealed class ReplicaSetReconciler(ApiClient api, Caches caches, EventRecorder events, TimeProvider clock)
{
    private static readonly TimeSpan FailureRetry = TimeSpan.FromSeconds(5);

    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        if (caches.ReplicaSets.Get(key) is not { } set)
        {
            return Result.Done;
        }

        var facts = new ReplicaSetFacts { Set = set, Vmis = caches.VmisIn(key.Namespace), Now = clock.GetUtcNow() };
        var plan = ReplicaSetDecisions.Decide(facts);
        if (plan.Scales)
        {
            // A cache that does not show yet what was made a moment ago would have it made twice.
            var vmis = await api.ListAsync(
                Kinds.VirtualMachineInstance, key.Namespace, TypesJson.Default.VirtualMachineInstance, ct: ct);
            facts = facts with { Vmis = vmis.Items };
            plan = ReplicaSetDecisions.Decide(facts);
        }

        return await ApplyAsync(facts, plan, ct);
    }

    private async Task<Result> ApplyAsync(ReplicaSetFacts facts, ReplicaSetPlan plan, CancellationToken ct)
    {
        var stored = await WriteAsync(facts.Set, plan.Set, ct);
        var reference = facts.Set.Reference(Kinds.VirtualMachineInstanceReplicaSet);
        foreach (var planned in plan.Events)
        {
            events.Normal(reference, planned.Reason, planned.Message);
        }

        foreach (var vmi in plan.Reown)
        {
            var before = facts.Vmis.First(one => one.Metadata.Uid == vmi.Metadata.Uid);
            await api.PatchAsync(
                Kinds.VirtualMachineInstance,
                vmi.Key(),
                PatchKind.Merge,
                ApiObjects.Patch(before, vmi, TypesJson.Default.VirtualMachineInstance)!,
                ct: ct);
        }

        if (await ScaleAsync(plan, reference, ct) is { } failure)
        {
            await WriteAsync(stored, ReplicaSetStatuses.Failed(stored, failure.Reason, failure.Message, facts.Now), ct);
            return Result.After(FailureRetry);
        }

        return Result.Done;
    }

    private async Task<VirtualMachineInstanceReplicaSet> WriteAsync(
        VirtualMachineInstanceReplicaSet before, VirtualMachineInstanceReplicaSet after, CancellationToken ct) =>
        ApiObjects.Patch(before, after, TypesJson.Default.VirtualMachineInstanceReplicaSet) is { } patch
            ? await api.PatchAsync(
                Kinds.VirtualMachineInstanceReplicaSet,
                before.Key(),
                PatchKind.Merge,
                patch,
                TypesJson.Default.VirtualMachineInstanceReplicaSet,
                WriteOptions.Status,
                ct)
            : before;

    /// <summary>Makes and ends VMIs; why that could not be done, if so: the others would most likely fail alike.</summary>
    private async Task<PlannedEvent?> ScaleAsync(ReplicaSetPlan plan, ObjectReference reference, CancellationToken ct)
    {
        var reason = EventReasons.FailedDelete;
        var what = "Error deleting virtual machine instance";
        try
        {
            foreach (var vmi in plan.Delete)
            {
                if (await api.TryDeleteAsync(
                    Kinds.VirtualMachineInstance, vmi.Key(), new DeleteOptions { Uid = vmi.Metadata.Uid }, ct))
                {
                    events.Normal(
                        reference,
                        EventReasons.SuccessfulDelete,
                        $"Stopped the virtual machine by deleting the virtual machine instance {vmi.Metadata.Uid}");
                }
            }

            (reason, what) = (EventReasons.FailedCreate, "Error creating virtual machine instance");
            foreach (var vmi in plan.Create)
            {
                var made = await api.CreateAsync(
                    Kinds.VirtualMachineInstance, vmi.Metadata.Namespace, vmi, TypesJson.Default.VirtualMachineInstance, ct: ct);
                events.Normal(
                    reference,
                    EventReasons.SuccessfulCreate,
                    $"Started the virtual machine by creating the new virtual machine instance {made.Metadata.Name}");
            }

            return null;
        }
        catch (ApiException e) when (e is { IsUnreachable: false, IsNotFound: false })
        {
            var message = e.Status.Message ?? e.Message;
            events.Warning(reference, reason, $"{what}: {message}");
            return new PlannedEvent(reason, message, Warning: true);
        }
    }
}
