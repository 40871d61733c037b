using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Boot;

/// <summary>The rules of a guest's life on its owner's node, from Scheduled to its end. Pure.</summary>
public static class GuestDecision
{
    public static GuestPlan Decide(GuestFacts facts)
    {
        var vmi = facts.Vmi;
        if (!vmi.IsHandedToHandler() || vmi.Status?.NodeName != facts.Node || facts.Pod is null)
        {
            return new GuestPlan(GuestStep.None);
        }

        if (facts.Launcher?.Reason is { } reason)
        {
            // A copy that arrived and ended before it ran is no end of the guest: its migration gives the record back to the source.
            return facts is { Incoming: true, MayHaveRun: false } ? new GuestPlan(GuestStep.None) : Ended(vmi, reason);
        }

        if (facts.HasDomain)
        {
            return Living(facts);
        }

        if (vmi.IsDeleting() || facts.Pod.IsDeleting())
        {
            // The launcher waits for a domain that will not come.
            return new GuestPlan(GuestStep.Wait) { RequestShutdown = !facts.ShutdownRequested };
        }

        return facts.Pod.IsFinished() ? new GuestPlan(GuestStep.None) : new GuestPlan(GuestStep.Prepare);
    }

    private static GuestPlan Living(GuestFacts facts)
    {
        var vmi = facts.Vmi;
        var shutdown = vmi.IsDeleting() && !facts.ShutdownRequested;
        var signal = shutdown ? new GuestEvent(EventReasons.ShuttingDown, "Signaled Graceful Shutdown") : null;
        switch (facts.Guest?.RunState)
        {
            case null:
                // QEMU is starting, or has just ended and the launcher has not said how.
                return new GuestPlan(GuestStep.Wait) { RequestShutdown = shutdown, Event = signal };
            case RunStates.Prelaunch when facts.Incoming:
                return new GuestPlan(GuestStep.None) { RequestShutdown = shutdown, Event = signal };
            // A guest that was reset while its user had it paused is in this state too.
            case RunStates.Prelaunch when vmi.Spec?.StartStrategy != "Paused" && !vmi.PausedByUser():
                return new GuestPlan(shutdown ? GuestStep.Wait : GuestStep.Start) { RequestShutdown = shutdown, Event = signal };
            case RunStates.InMigrate or RunStates.FinishMigrate or RunStates.PostMigrate:
                return new GuestPlan(GuestStep.None) { RequestShutdown = shutdown, Event = signal };
            // As in KubeVirt, whose launcher lets go on what no user has paused: the write that failed is made again first.
            case RunStates.IoError when !shutdown && !vmi.IsMigrating() && vmi.Status?.Conditions.Find(Conditions.Paused) is { Status: Conditions.True, Reason: Reasons.PausedIoError }:
                return new GuestPlan(GuestStep.Retry);
            default:
                var started = vmi.Status!.Phase == VmiPhases.Scheduled;
                return new GuestPlan(GuestStep.Report)
                {
                    Phase = VmiPhases.Running,
                    RequestShutdown = shutdown,
                    Event = signal ?? (started ? new GuestEvent(EventReasons.Started, "VirtualMachineInstance started.") : null),
                };
        }
    }

    private static GuestPlan Ended(VirtualMachineInstance vmi, string reason) => reason switch
    {
        // The record will name the other node, or has failed to; either way that is not told from here.
        LauncherReasons.Migrated => new GuestPlan(GuestStep.None),
        LauncherReasons.Shutdown => new GuestPlan(GuestStep.Report)
        {
            Phase = VmiPhases.Succeeded,
            Event = new GuestEvent(EventReasons.Stopped, "The VirtualMachineInstance was shut down."),
        },
        LauncherReasons.Crashed => new GuestPlan(GuestStep.Report)
        {
            Phase = VmiPhases.Failed,
            Event = new GuestEvent(EventReasons.Stopped, "The VirtualMachineInstance crashed.", EventReasons.Warning),
        },
        _ => new GuestPlan(GuestStep.Report)
        {
            Phase = VmiPhases.Failed,
            Event = new GuestEvent(
                EventReasons.Stopped,
                vmi.IsDeleting() ? "The VirtualMachineInstance was shut down." : "The VirtualMachineInstance was ended before it shut down.",
                vmi.IsDeleting() ? EventReasons.Normal : EventReasons.Warning),
        },
    };
}
