using Godwit.Qemu;

namespace Godwit.VirtHandler.Boot;

/// <summary>What QEMU last said of its guest, and whether an agent inside the guest holds its channel open.</summary>
public sealed record GuestState(string RunState, bool Running, bool AgentConnected = false)
{
    /// <summary>Whether a migration is under way by the monitor's events, or has ended in those at or after <paramref name="unseen"/>. Pure.</summary>
    public static bool IsMoving(IReadOnlyList<QmpEvent> events, long unseen) =>
        events.LastOrDefault(static e => e.Name == "MIGRATION") is { } last
        && (last.Position >= unseen
            || last.IsMigration(MigrationStates.Setup, MigrationStates.Active, MigrationStates.PreSwitchover, MigrationStates.Device));
}
