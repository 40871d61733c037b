using System.Globalization;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>How long a target pod, and an agent, are waited for. Pure.</summary>
internal static class MigrationTimeouts
{
    public static readonly TimeSpan Unschedulable = TimeSpan.FromSeconds(300);
    public static readonly TimeSpan Pending = TimeSpan.FromSeconds(900);

    /// <summary>An agent gets this long for its next step: preparing the target, beginning to send.</summary>
    public static readonly TimeSpan HandlerStep = TimeSpan.FromSeconds(300);

    /// <summary>So long a success waits for the source's last figures, which follow the commit within milliseconds where its agent lives.</summary>
    public static readonly TimeSpan Figures = TimeSpan.FromSeconds(1);

    public static MigrationPlan Decide(MigrationFacts facts)
    {
        var pod = facts.TargetPod!;
        var migration = facts.Migration;
        var age = facts.Since(pod.Metadata.CreationTimestamp);
        var unschedulable = pod.Status?.Conditions.Find(Conditions.PodScheduled)
            is { Status: Conditions.False, Reason: Reasons.Unschedulable } condition
            ? condition
            : null;
        var limit = unschedulable is null
            ? Limit(migration, Annotations.PendingPodTimeout, Pending)
            : Limit(migration, Annotations.UnschedulablePodTimeout, Unschedulable);
        var trouble = unschedulable?.Message ?? VmiBookkeeping.ImageTrouble(pod)?.Message;
        if (age >= limit)
        {
            return MigrationFailures.Fail(
                facts,
                $"Migration failed because target pod {pod.Metadata.Name} did not become ready within {limit.TotalSeconds:0} s{(trouble is null ? "" : $": {trouble}")}")
                with
            { DeleteTargetPod = true };
        }

        return new MigrationPlan(migration)
        {
            Again = limit - age,
            Events = unschedulable is null
                ? []
                :
                [
                    new PlannedEvent(
                        EventReasons.MigrationTargetPodUnschedulable,
                        $"Migration target pod {pod.Metadata.Name} cannot be scheduled, giving up {limit.TotalSeconds:0} s after its creation: {trouble}",
                        Warning: true),
                ],
        };
    }

    /// <summary>What is left of the time for the agent's step that the phase waits for.</summary>
    public static TimeSpan HandlerStepLeft(MigrationFacts facts) =>
        HandlerStep - facts.Since(facts.Migration.Status?.PhaseTransitionTimestamps.EnteredAt(facts.Phase));

    /// <summary>What is left of the time for the source's last figures; zero when they are there, or nothing tells since when they are due.</summary>
    public static TimeSpan FiguresLeft(MigrationState state, DateTimeOffset now) =>
        state is { QemuDowntimeMs: null, ResumeTimestamp: { } resumed } && now >= resumed && now < resumed + Figures
            ? resumed + Figures - now
            : TimeSpan.Zero;

    private static TimeSpan Limit(VirtualMachineInstanceMigration migration, string annotation, TimeSpan standard) =>
        int.TryParse(migration.Metadata.Annotation(annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : standard;
}
