using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What an ended migration has still to tell: what becomes of the connections that were open. Pure.</summary>
internal static class MigrationAftermath
{
    /// <summary>
    /// The migration with what the VMI says of its connections. The VMI speaks of its last move alone; of one before it is only known
    /// that its pod is gone.
    /// </summary>
    public static VirtualMachineInstanceMigration Follow(MigrationFacts facts)
    {
        var migration = facts.Migration;
        if (migration.Status?.MigrationState is not { } told)
        {
            return migration;
        }

        if (facts.OwnState is { } state)
        {
            return told.Forwarding == state.Forwarding ? migration : With(migration, told, state.Forwarding);
        }

        return told is { Forwarding: { State: MigrationForwarding.Prepared or MigrationForwarding.Forwarding } forwarding, SourcePodUID: { } source }
            && !facts.LivePods.Contains(source)
            ? With(migration, told, Ended(forwarding, told.SourcePod, facts.Now))
            : migration;
    }

    private static MigrationForwarding Ended(MigrationForwarding forwarding, string? pod, DateTimeOffset now) => forwarding with
    {
        State = MigrationForwarding.Ended,
        Flows = null,
        Since = Timestamps.Seconds(now),
        Until = null,
        Reason = forwarding.State == MigrationForwarding.Prepared
            ? $"pod {pod} ended without having carried any connection"
            : $"pod {pod} is gone; the VMI had begun another move by then, so how many connections it cut off is not on record",
    };

    private static VirtualMachineInstanceMigration With(
        VirtualMachineInstanceMigration migration, MigrationState told, MigrationForwarding? forwarding) => migration with
        {
            Status = migration.Status! with { MigrationState = told with { Forwarding = forwarding } },
        };
}
