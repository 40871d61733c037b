using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>The rules for VMIs: when a pod is made, what phase follows from it, when all is over. Pure.</summary>
public static class VmiDecisions
{
    /// <summary>A pod that finished by itself is left this long to say so before it is removed by force.</summary>
    public static readonly TimeSpan FinishGrace = TimeSpan.FromSeconds(30);

    /// <summary>A source whose guest has left is left this long, for its agent to end it.</summary>
    public static readonly TimeSpan LeftoverGrace = TimeSpan.FromMinutes(5);

    /// <summary>How long a guest whose owner was just changed may be without a running copy before it counts as lost.</summary>
    public static readonly TimeSpan SwitchoverGrace = TimeSpan.FromMinutes(2);

    private const int KeptFinishedPods = 5;
    private static readonly TimeSpan SafetyNet = TimeSpan.FromSeconds(5);

    public static VmiPlan Decide(VmiFacts facts)
    {
        var vmi = facts.Vmi;
        var plan = vmi switch
        {
            _ when vmi.IsDeleting() => Remove(facts),
            _ when vmi.IsFinal() => TidyUp(facts),
            _ when vmi.IsUnprocessed() => Begin(facts),
            _ when vmi.Status!.Phase == VmiPhases.Scheduling => AwaitPod(facts),
            _ => Follow(facts),
        };
        var kept = VmiBookkeeping.Apply(plan.Vmi, facts);
        var owner = Owner(facts);
        return plan with
        {
            Vmi = kept,
            Readiness = UnpausedGate.Due(kept, owner, facts.Now) is { } said ? new(owner!, said) : null,
            Events = [.. plan.Events, .. Troubles(vmi, kept)],
        };
    }

    /// <summary>What keeps the pod from starting, told when it is news.</summary>
    private static IEnumerable<PlannedEvent> Troubles(VirtualMachineInstance before, VirtualMachineInstance after)
    {
        if (after.Status?.Conditions.Find(Conditions.PodScheduled) is { Status: Conditions.False, Message: { Length: > 0 } why } unscheduled
            && before.Status?.Conditions.Find(Conditions.PodScheduled)?.Message != why)
        {
            yield return new(
                unscheduled.Reason ?? Reasons.Unschedulable,
                $"The virtual machine pod fits on no node, waiting for one: {why}",
                Warning: true);
        }

        if (after.Status?.Conditions.Find(Conditions.Synchronized) is { Reason: Reasons.ErrImagePull or Reasons.ImagePullBackOff } image
            && before.Status?.Conditions.Find(Conditions.Synchronized)?.Reason is not (Reasons.ErrImagePull or Reasons.ImagePullBackOff))
        {
            yield return new(image.Reason, image.Message ?? "", Warning: true);
        }
    }

    private static VmiPlan Remove(VmiFacts facts)
    {
        var vmi = facts.Vmi;
        // One that is on its way out already is hurried when it has got more time than the VMI gives it now.
        var grace = LauncherPod.TerminationSeconds(vmi.Spec ?? new VirtualMachineInstanceSpec());
        var going = facts.Pods.Where(pod => !pod.IsDeleting() || pod.Metadata.DeletionGracePeriodSeconds > grace).ToList();
        if (facts.Pods.All(pod => Forwarders.Is(pod, vmi)))
        {
            // No guest is in any of them: nobody need wait for what is left of its connections.
            var over = vmi.IsFinal() ? vmi : Enter(vmi, VmiPhases.Failed, facts.Now);
            return new VmiPlan(over with
            {
                Metadata = over.Metadata with
                {
                    Finalizers = [.. (over.Metadata.Finalizers ?? []).Where(name => name is not (Finalizers.Vmi or Finalizers.VmiOld))],
                },
            })
            {
                DeletePods = going,
            };
        }

        return new VmiPlan(vmi.IsHandedToHandler() ? Ended(facts, Owner(facts)) ?? vmi : vmi)
        {
            DeletePods = going,
            Events = [.. going.Where(pod => !pod.IsFinished() && !pod.IsDeleting()).Select(pod =>
                new PlannedEvent(EventReasons.SuccessfulDelete, $"Deleted virtual machine pod {pod.Metadata.Name}"))],
            Again = SafetyNet,
        };
    }

    /// <summary>A VMI that is over keeps its finished pods, for their logs, but nothing that still runs.</summary>
    private static VmiPlan TidyUp(VmiFacts facts)
    {
        // Connections to a guest that is no more have nothing to be carried to.
        var grace = LauncherPod.TerminationSeconds(facts.Vmi.Spec ?? new VirtualMachineInstanceSpec());
        var forwarders = facts.Pods
            .Where(pod => !pod.IsFinished() && Forwarders.Is(pod, facts.Vmi) && pod.Metadata.DeletionGracePeriodSeconds > grace)
            .ToList();
        var running = facts.Pods.Where(pod => !pod.IsFinished() && !pod.IsDeleting()).ToList();
        if (running.Count == 0)
        {
            return new VmiPlan(facts.Vmi) { DeletePods = forwarders };
        }

        var left = FinishGrace - facts.Since(facts.Vmi.Status!.PhaseTransitionTimestamps.EnteredAt(facts.Vmi.Status.Phase!));
        return left > TimeSpan.Zero
            ? new VmiPlan(facts.Vmi) { DeletePods = forwarders, Again = left }
            : new VmiPlan(facts.Vmi) { DeletePods = [.. forwarders, .. running] };
    }

    private static VmiPlan Begin(VmiFacts facts)
    {
        var vmi = Held(facts.Vmi);
        if (facts.Pods.Any(pod => !pod.IsDeleting() && pod.Metadata.Label(Labels.MigrationJobUid) is null))
        {
            return new VmiPlan(Enter(vmi, VmiPhases.Scheduling, facts.Now));
        }

        if (facts.MissingClaims.Count > 0)
        {
            var names = string.Join(", ", facts.MissingClaims.Select(claim => $"{vmi.Metadata.Namespace}/{claim}"));
            return Waiting(facts, EventReasons.FailedPvcNotFound, $"PVC {names} does not exist, waiting for it to appear", SafetyNet);
        }

        if (facts.ActiveMigration is { } migration)
        {
            return Waiting(
                facts,
                EventReasons.FailedCreate,
                $"Waiting with the virtual machine pod: there is still an active migration {migration.Metadata.Name} of a VMI of this name",
                TimeSpan.FromSeconds(1));
        }

        return new VmiPlan(vmi) { CreatePod = true, Again = SafetyNet };
    }

    /// <summary>Admission has set the finalizer, unless it was away when the VMI was made.</summary>
    private static VirtualMachineInstance Held(VirtualMachineInstance vmi) =>
        vmi.Metadata.Finalizers?.Any(name => name is Finalizers.Vmi or Finalizers.VmiOld) == true
            ? vmi
            : vmi with { Metadata = vmi.Metadata with { Finalizers = [.. vmi.Metadata.Finalizers ?? [], Finalizers.Vmi] } };

    private static VmiPlan Waiting(VmiFacts facts, string reason, string message, TimeSpan again)
    {
        var told = facts.Vmi.Status?.Conditions.Find(Conditions.Synchronized) is { } condition
            && condition.Reason == reason && condition.Message == message;
        return new VmiPlan(VmiBookkeeping.NotSynchronized(facts.Vmi, reason, message, facts.Now))
        {
            Events = told ? [] : [new PlannedEvent(reason, message, Warning: true)],
            Again = again,
        };
    }

    private static VmiPlan AwaitPod(VmiFacts facts)
    {
        var vmi = facts.Vmi;
        var pod = facts.Pods.FirstOrDefault(pod => pod.Metadata.Label(Labels.MigrationJobUid) is null);
        if (pod is null || pod.IsFinished() || pod.IsDeleting())
        {
            var what = pod is null ? "is gone" : pod.IsDeleting() ? "is being deleted" : "ended";
            return new VmiPlan(Enter(vmi, VmiPhases.Failed, facts.Now))
            {
                Events =
                [
                    new PlannedEvent(
                        EventReasons.Stopped,
                        $"The virtual machine pod {what} before the guest was started{Why(pod)}.",
                        Warning: true),
                ],
            };
        }

        return pod.IsReady() && pod.Spec?.NodeName is { Length: > 0 } node
            ? new VmiPlan(HandOver(vmi, pod, node, facts.Now))
            : new VmiPlan(vmi);
    }

    /// <summary>From here on the agent of the node looks after the guest, and only the recorded pod may run it.</summary>
    private static VirtualMachineInstance HandOver(
        VirtualMachineInstance vmi, Pod pod, string node, DateTimeOffset now)
    {
        var entered = Enter(vmi, VmiPhases.Scheduled, now);
        return entered with
        {
            Metadata = entered.Metadata with { Labels = entered.Metadata.Labels.With(Labels.NodeName, node) },
            Status = entered.Status! with
            {
                NodeName = node,
                OwnerPodUID = pod.Metadata.Uid,
                MigrationTransport = "Unix",
                QosClass = pod.Status?.QosClass,
                LauncherContainerImageVersion =
                    pod.Spec?.Containers?.FirstOrDefault(container => container.Name == Launcher.Container)?.Image,
            },
        };
    }

    private static VmiPlan Follow(VmiFacts facts)
    {
        var vmi = facts.Vmi;
        var owner = Owner(facts);
        if (Ended(facts, owner) is { } ended)
        {
            if (BetweenOwners(vmi))
            {
                // The migration's own rules bring the record back to the source or give the guest up; they need their time from when its end was known.
                var left = SwitchoverGrace - facts.Since(facts.OwnerEndSeen ?? vmi.Status!.MigrationState!.PauseTimestamp);
                if (left > TimeSpan.Zero)
                {
                    return new VmiPlan(vmi) { Again = left };
                }
            }

            var gone = facts.NodeGone ? $"went with node {vmi.Status!.NodeName}, which is out of service"
                : owner is null ? "is gone; the guest went with it"
                : "has ended";
            return new VmiPlan(ended)
            {
                Events = owner?.Status?.Phase == PodPhases.Succeeded
                    ? []
                    : [new PlannedEvent(EventReasons.Stopped, $"The virtual machine pod {gone}{Why(owner)}.", Warning: true)],
            };
        }

        return Leftovers(facts, owner!);
    }

    private static VmiPlan Leftovers(VmiFacts facts, Pod owner)
    {
        var vmi = facts.Vmi;
        var others = facts.Pods.Where(pod => !ReferenceEquals(pod, owner) && !pod.IsDeleting()).ToList();
        var finished = others
            .Where(pod => pod.IsFinished())
            .OrderByDescending(pod => pod.Metadata.CreationTimestamp)
            .Skip(KeptFinishedPods)
            .ToList();
        var state = vmi.Status!.MigrationState;
        finished.AddRange(others.Where(pod => IsStray(pod, state, facts.LiveMigrations)));
        if (Forwarders.Due(vmi, facts.Pods) is { } forwarder)
        {
            return new VmiPlan(vmi) { DeletePods = finished, Forwarder = forwarder, Events = [forwarder.Event] };
        }

        var source = others.FirstOrDefault(pod => !pod.IsFinished()
            && pod.Metadata.Uid == state?.SourcePodUID
            && state is { Completed: true, Failed: not true });
        if (source is null)
        {
            return new VmiPlan(vmi) { DeletePods = finished };
        }

        var left = LeftoverGrace - facts.Since(state!.EndTimestamp);
        return left > TimeSpan.Zero
            ? new VmiPlan(vmi) { DeletePods = finished, Again = left }
            : new VmiPlan(vmi) { DeletePods = [.. finished, source] };
    }

    /// <summary>A target whose migration has ended without it, or was removed by force: nothing will come of it.</summary>
    private static bool IsStray(Pod pod, MigrationState? state, IReadOnlyCollection<string> live) =>
        !pod.IsFinished()
        && pod.Metadata.Label(Labels.MigrationJobUid) is { } migration
        && !live.Contains(migration)
        && pod.Metadata.Uid != state?.SourcePodUID;

    private static Pod? Owner(VmiFacts facts) => Owner(facts.Vmi, facts.Pods);

    /// <summary>The pod that the record names; null when it is gone.</summary>
    public static Pod? Owner(VirtualMachineInstance vmi, IReadOnlyList<Pod> pods) =>
        pods.FirstOrDefault(pod => pod.Metadata.Uid == vmi.Status?.OwnerPodUID);

    /// <summary>The VMI at its end, when the pod that owns its guest has ended or is gone; null while it lives.</summary>
    private static VirtualMachineInstance? Ended(VmiFacts facts, Pod? owner)
    {
        if (owner is not null && !owner.IsFinished())
        {
            return null;
        }

        var well = owner?.Status?.Phase == PodPhases.Succeeded && facts.Vmi.Status?.Phase == VmiPhases.Running;
        return Enter(facts.Vmi, well ? VmiPhases.Succeeded : VmiPhases.Failed, facts.Now);
    }

    /// <summary>The record names the target, but nobody has seen the guest run there yet.</summary>
    private static bool BetweenOwners(VirtualMachineInstance vmi) =>
        vmi.Status is { MigrationState: { Completed: not true, TargetNodeDomainReadyTimestamp: null } state }
        && vmi.Status.OwnerPodUID is { } owner && owner == state.TargetPodUID;

    private static VirtualMachineInstance Enter(VirtualMachineInstance vmi, string phase, DateTimeOffset now)
    {
        var status = vmi.Status ?? new VirtualMachineInstanceStatus();
        return vmi with
        {
            Status = status with
            {
                Phase = phase,
                PhaseTransitionTimestamps = status.PhaseTransitionTimestamps.With(phase, now),
            },
        };
    }

    private static string Why(Pod? pod)
    {
        var end = pod?.Status?.ContainerStatuses?.FirstOrDefault(status => status.Name == Launcher.Container)?.State?.Terminated;
        var words = new[]
        {
            end?.ExitCode is { } code ? $"exit code {code}" : null,
            end?.Reason ?? pod?.Status?.Reason,
            end?.Message ?? pod?.Status?.Message,
        }.Where(word => !string.IsNullOrWhiteSpace(word)).ToList();
        return words.Count == 0 ? "" : $" ({string.Join(", ", words)})";
    }
}
