using System.Globalization;
using Godwit.Qemu;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// Where the source's part of a pause went, in milliseconds: QEMU's last look at the memory, the end of the disk copies, the
/// rest of memory and devices, the commit; and how long memory had been sent before it. By QEMU's own times; a part whose events
/// are not there is unknown and not counted.
/// </summary>
public sealed record PauseParts(double? Copy, double? LastLook, double? Disks, double? Rest, double? Commit)
{
    /// <param name="events">The monitor's events, an earlier migration's among them.</param>
    /// <param name="committed">When the commit was answered.</param>
    public static PauseParts Of(IReadOnlyList<QmpEvent> events, DateTimeOffset committed)
    {
        var stop = Last("STOP", status: null, after: null);
        var began = events.LastOrDefault(e => e.IsMigration(MigrationStates.Active) && e.Timestamp <= stop)?.Timestamp;
        var held = Last("MIGRATION", MigrationStates.PreSwitchover, stop);
        var device = Last("MIGRATION", MigrationStates.Device, held ?? stop);
        var completed = Last("MIGRATION", MigrationStates.Completed, device ?? stop);
        return new(Between(began, stop), Between(stop, held), Between(held, device), Between(device, completed), Between(completed, committed));

        DateTimeOffset? Last(string name, string? status, DateTimeOffset? after) =>
            events.LastOrDefault(e => e.Name == name && (status is null || e.IsMigration(status)) && (after is null || e.Timestamp >= after))?.Timestamp;
    }

    /// <summary>The parts as a person reads them.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Text(LastLook)} last look, {Text(Disks)} disks, {Text(Rest)} rest of memory and devices, {Text(Commit)} commit, after {Text(Copy)} of sending");

    private static double? Between(DateTimeOffset? from, DateTimeOffset? to) => from is { } a && to is { } b ? (b - a).TotalMilliseconds : null;

    private static string Text(double? milliseconds) =>
        milliseconds is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:0.0} ms") : "? ms";
}
