using System.Globalization;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is shown of a virtual machine: it follows from its VMI and from what is about to be done. Pure.</summary>
public static class VirtualMachineStatuses
{
    /// <summary>Conditions that a virtual machine has of its own; all others are its VMI's.</summary>
    private static readonly string[] Own = [Conditions.Ready, Conditions.Failure, Conditions.RestartRequired];

    public static VirtualMachine Apply(VirtualMachinePlan plan, VirtualMachineFacts facts)
    {
        var vm = plan.Vm;
        var vmi = facts.Vmi;
        var status = vm.Status ?? new VirtualMachineStatus();
        var strategy = RunStrategies.Of(facts.Vm);
        var failure = Failure(plan, status.Conditions);
        status = status with
        {
            Created = vmi is not null,
            Ready = vmi?.Status?.Conditions.IsTrue(Conditions.Ready) ?? false,

            // Once it stands here a RerunOnFailure counts as started, so it waits until there is a VMI.
            RunStrategy = !plan.WantsStart && (vmi is not null || !string.IsNullOrEmpty(status.RunStrategy)) ? strategy : status.RunStrategy,
            StateChangeRequests = IsDone(status.StateChangeRequests, vmi)
                ? Nonempty([.. status.StateChangeRequests!.Skip(1)])
                : status.StateChangeRequests,
            StartFailure = VirtualMachineBackoff.Count(status.StartFailure, vmi, strategy, facts.Now, facts.Spread),
            DesiredGeneration = vm.Metadata.Generation,
            ObservedGeneration = Generation(vmi) ?? status.ObservedGeneration,
            Conditions = ConditionsOf(status.Conditions, vm, vmi, failure, facts.Now),
        };
        var starting = plan.Create is not null && failure is null;
        return vm with { Status = status with { PrintableStatus = Printable(facts, status, strategy, starting, stopping: plan.Delete is not null) } };
    }

    /// <summary>The first that holds, in KubeVirt's order.</summary>
    private static string Printable(
        VirtualMachineFacts facts, VirtualMachineStatus status, string strategy, bool starting, bool stopping)
    {
        var vmi = facts.Vmi;
        var over = vmi is null || vmi.IsFinal();
        var synchronized = vmi?.Status?.Conditions.Find(Conditions.Synchronized);
        var trouble = synchronized?.Status == Conditions.False ? synchronized.Reason : null;
        var paused = vmi?.Status?.Conditions.IsTrue(Conditions.Paused) == true;
        return vmi?.Status switch
        {
            _ when facts.Vm.IsDeleting() => PrintableStatuses.Terminating,
            _ when !over && (vmi!.IsDeleting() || stopping) => PrintableStatuses.Stopping,
            { MigrationState: { StartTimestamp: not null, EndTimestamp: null } } => PrintableStatuses.Migrating,
            { Phase: VmiPhases.Running } => paused ? PrintableStatuses.Paused : PrintableStatuses.Running,
            _ when trouble == EventReasons.FailedPvcNotFound => PrintableStatuses.PvcNotFound,
            _ when vmi?.Status?.Conditions.Find(Conditions.PodScheduled) is { Status: Conditions.False, Reason: Reasons.Unschedulable } =>
                PrintableStatuses.Unschedulable,
            _ when facts.UnboundClaims && IsSetToStart(facts, strategy, starting) => PrintableStatuses.WaitingForVolumeBinding,
            _ when trouble == Reasons.ErrImagePull => PrintableStatuses.ErrImagePull,
            _ when trouble == Reasons.ImagePullBackOff => PrintableStatuses.ImagePullBackOff,
            _ when starting || IsOnItsWay(vmi) => PrintableStatuses.Starting,
            _ when over && !starting && status.StartFailure is { ConsecutiveFailCount: > 0 } => PrintableStatuses.CrashLoopBackOff,
            _ when over => PrintableStatuses.Stopped,
            _ => PrintableStatuses.Unknown,
        };
    }

    private static bool IsOnItsWay(VirtualMachineInstance? vmi) =>
        vmi is not null && (vmi.IsUnprocessed() || vmi.Status!.Phase is VmiPhases.Scheduling or VmiPhases.Scheduled);

    private static bool IsSetToStart(VirtualMachineFacts facts, string strategy, bool starting) => strategy switch
    {
        RunStrategies.Always => true,
        RunStrategies.Halted => false,
        _ => facts.Vmi is null ? starting : !facts.Vmi.IsFinal(),
    };

    /// <summary>
    /// The first wish is fulfilled. One to stop a VMI that is not, or no longer, there counts as fulfilled; one to start is
    /// when a VMI lives.
    /// </summary>
    private static bool IsDone(IReadOnlyList<VirtualMachineStateChangeRequest>? requests, VirtualMachineInstance? vmi) =>
        requests is [var first, ..] && first.Action switch
        {
            StateChangeRequests.Stop => vmi is null || first.Uid != vmi.Metadata.Uid,
            StateChangeRequests.Start => vmi is not null && !vmi.IsDeleting() && !vmi.IsFinal(),
            _ => true,
        };

    /// <summary>A failure that was told stays until what failed is no longer to be done.</summary>
    private static PlannedEvent? Failure(VirtualMachinePlan plan, IReadOnlyList<Condition>? conditions)
    {
        if (plan.Failure is not null)
        {
            return plan.Failure;
        }

        var told = conditions.Find(Conditions.Failure);
        return (told?.Reason == EventReasons.FailedCreate && plan.Create is not null)
            || (told?.Reason == EventReasons.FailedDelete && plan.Delete is not null)
            ? new PlannedEvent(told!.Reason!, told.Message ?? "", Warning: true)
            : null;
    }

    private static IReadOnlyList<Condition> ConditionsOf(
        IReadOnlyList<Condition>? before, VirtualMachine vm, VirtualMachineInstance? vmi, PlannedEvent? failure, DateTimeOffset now)
    {
        IReadOnlyList<Condition> own = [.. (before ?? []).Where(condition => Own.Contains(condition.Type))];
        own = Ready(own, vmi, now);
        own = failure is null
            ? own.Without(Conditions.Failure)
            : own.With(Conditions.Failure, status: true, now, failure.Reason, failure.Message);
        own = vmi?.Metadata.Annotation(Annotations.TemplateDigest) is { } digest && digest != VirtualMachineTemplates.Digest(vm)
            ? own.With(
                Conditions.RestartRequired,
                status: true,
                now,
                Conditions.RestartRequired,
                "a non-live-updatable field was changed in the template spec")
            : own.Without(Conditions.RestartRequired);
        return [.. own, .. (vmi?.Status?.Conditions ?? []).Where(condition => !Own.Contains(condition.Type))];
    }

    private static IReadOnlyList<Condition> Ready(IReadOnlyList<Condition> conditions, VirtualMachineInstance? vmi, DateTimeOffset now)
    {
        if (vmi is null)
        {
            return conditions.With(Conditions.Ready, status: false, now, "VMINotExists", "VMI does not exist");
        }

        return vmi.Status?.Conditions.Find(Conditions.Ready) is { } ready
            ? [ready, .. conditions.Without(Conditions.Ready)]
            : conditions.With(Conditions.Ready, status: false, now, "VMIConditionMissing", "VMI is missing the Ready condition");
    }

    private static long? Generation(VirtualMachineInstance? vmi) =>
        long.TryParse(vmi?.Metadata.Annotation(Annotations.VmGeneration), CultureInfo.InvariantCulture, out var generation) ? generation : null;

    private static IReadOnlyList<VirtualMachineStateChangeRequest>? Nonempty(IReadOnlyList<VirtualMachineStateChangeRequest> requests) =>
        requests.Count == 0 ? null : requests;
}
