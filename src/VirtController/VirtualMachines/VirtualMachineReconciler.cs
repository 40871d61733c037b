using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Makes and ends the VMI of a virtual machine, and shows how it is.</summary>
internal sealed class VirtualMachineReconciler(ApiClient api, Caches caches, EventRecorder events, TimeProvider clock)
{
    private static readonly TimeSpan FailureRetry = TimeSpan.FromSeconds(5);

    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        if (caches.VirtualMachines.Get(key) is not { } vm)
        {
            return Result.Done;
        }

        var facts = await GatherAsync(vm, ct);
        return await ApplyAsync(facts, VirtualMachineDecisions.Decide(facts), ct);
    }

    private async Task<VirtualMachineFacts> GatherAsync(VirtualMachine vm, CancellationToken ct)
    {
        var vmi = caches.Vmis.Get(vm.Key());
        if (vmi is null || vm.Status?.StateChangeRequests is [{ Uid: { } uid }, ..] && uid != vmi.Metadata.Uid)
        {
            // The caches are not of the same instant. A VMI that was just made must not be overlooked, and a wish about it not
            // be taken for fulfilled.
            vmi = await api.TryGetAsync(
                Kinds.VirtualMachineInstance, vm.Key(), TypesJson.Default.VirtualMachineInstance, ct);
        }

        var foreign = vmi?.Metadata.Controller() is { } owner && owner.Uid != vm.Metadata.Uid;
        return new VirtualMachineFacts
        {
            Vm = vm,
            Vmi = foreign ? null : vmi,
            Foreign = foreign ? vmi : null,
            UnboundClaims = Caches.ClaimsOf(vm.Spec?.Template?.Spec)
                .Select(claim => caches.Claims.Get(new NamespacedName(vm.Metadata.Namespace!, claim)))
                .Any(claim => claim is not null && claim.Status?.Phase != "Bound"),
            Spread = api.Jitter.NextDouble(),
            Now = clock.GetUtcNow(),
        };
    }

    private async Task<Result> ApplyAsync(VirtualMachineFacts facts, VirtualMachinePlan plan, CancellationToken ct)
    {
        // What is written holds only for the version that was read, so that nothing is done on an old state.
        if (await WriteAsync(facts.Vm, plan.Vm, ct) is not { } stored)
        {
            return Result.Done;
        }

        var reference = facts.Vm.Reference(Kinds.VirtualMachine);
        if (plan.Failure is { } told && facts.Vm.Status?.Conditions.Find(Conditions.Failure)?.Message != told.Message)
        {
            events.Warning(reference, told.Reason, told.Message);
        }

        if (plan.Adopt is { } adopted && ApiObjects.Patch(facts.Vmi!, adopted, TypesJson.Default.VirtualMachineInstance) is { } patch)
        {
            await api.PatchAsync(Kinds.VirtualMachineInstance, adopted.Key(), PatchKind.Merge, patch, ct: ct);
        }

        if (await ActAsync(plan, reference, ct) is { } failure)
        {
            await WriteAsync(stored, VirtualMachineStatuses.Apply(plan with { Vm = stored, Failure = failure }, facts with { Vm = stored }), ct);
            return Result.After(FailureRetry);
        }

        return plan.Again is { } again ? Result.After(again) : Result.Done;
    }

    /// <summary>The virtual machine as it is stored now; null when it has gone with its finalizer.</summary>
    private async Task<VirtualMachine?> WriteAsync(VirtualMachine before, VirtualMachine after, CancellationToken ct)
    {
        var type = TypesJson.Default.VirtualMachine;
        if (ApiObjects.Patch(before, after with { Status = before.Status }, type) is { } patch)
        {
            before = await api.PatchAsync(Kinds.VirtualMachine, before.Key(), PatchKind.Merge, patch, type, ct: ct);
            if (before.IsDeleting() && after.Metadata.Finalizers?.Contains(Finalizers.Vm) != true)
            {
                return null;
            }
        }

        return ApiObjects.Patch(before, before with { Status = after.Status }, type) is { } status
            ? await api.PatchAsync(Kinds.VirtualMachine, before.Key(), PatchKind.Merge, status, type, WriteOptions.Status, ct)
            : before;
    }

    /// <summary>Makes or ends the VMI; why that could not be done, if so.</summary>
    private async Task<PlannedEvent?> ActAsync(VirtualMachinePlan plan, ObjectReference reference, CancellationToken ct)
    {
        try
        {
            if (plan.Create is { } vmi)
            {
                await api.CreateAsync(
                    Kinds.VirtualMachineInstance, vmi.Metadata.Namespace, vmi, TypesJson.Default.VirtualMachineInstance, ct: ct);
                events.Normal(
                    reference,
                    EventReasons.SuccessfulCreate,
                    $"Started the virtual machine by creating the new virtual machine instance {vmi.Metadata.Name}");
            }

            if (plan.Delete is { } going && await api.TryDeleteAsync(
                Kinds.VirtualMachineInstance, going.Key(), new DeleteOptions { Uid = going.Metadata.Uid }, ct))
            {
                events.Normal(
                    reference,
                    EventReasons.SuccessfulDelete,
                    $"Stopped the virtual machine by deleting the virtual machine instance {going.Metadata.Uid}");
            }

            return null;
        }
        catch (ApiException e) when (e is { IsUnreachable: false, IsNotFound: false, IsConflict: false, IsAlreadyExists: false })
        {
            var why = e.Status.Message ?? e.Message;
            if (plan.Create is not null)
            {
                events.Warning(reference, EventReasons.FailedCreate, $"Error creating virtual machine instance: {why}");
                return new PlannedEvent(EventReasons.FailedCreate, $"Failure while starting VMI: {why}", Warning: true);
            }

            events.Warning(
                reference, EventReasons.FailedDelete, $"Error deleting virtual machine instance {plan.Delete!.Metadata.Name}: {why}");
            return new PlannedEvent(EventReasons.FailedDelete, $"Failure attempting to delete VMI: {why}", Warning: true);
        }
    }
}
