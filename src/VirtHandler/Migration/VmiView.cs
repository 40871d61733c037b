using System.Globalization;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>Questions to a VMI that a migration asks again and again.</summary>
internal static class VmiView
{
    public static MigrationState? Migration(this VirtualMachineInstance vmi) => vmi.Status?.MigrationState;

    public static bool IsAbout(this VirtualMachineInstance vmi, string migrationUid) => vmi.Migration()?.MigrationUid == migrationUid;

    public static Owner OwnerFor(this VirtualMachineInstance vmi, MigrationState state) => vmi.Status?.OwnerPodUID switch
    {
        { } owner when owner == state.SourcePodUID => Owner.Source,
        { } owner when owner == state.TargetPodUID => Owner.Target,
        _ => Owner.Other,
    };

    public static bool PausedByUser(this VirtualMachineInstance vmi) =>
        vmi.Status?.Conditions?.Any(c => c is { Type: Conditions.Paused, Status: Conditions.True, Reason: Reasons.PausedByUser }) == true;

    /// <summary>The guest was handed over by post-copy.</summary>
    public static bool IsPostCopy(this MigrationState state) => state.Mode == MigrationModes.PostCopy;

    public static bool AllowsPostCopy(this MigrationState state) => state.MigrationConfiguration?.AllowPostCopy == true;

    public static bool UsesTls(this MigrationState state) => state.MigrationConfiguration?.DisableTLS != true;

    public static int? PortFor(this MigrationState state, int role)
    {
        foreach (var (port, its) in state.TargetDirectMigrationNodePorts ?? new Dictionary<string, int>())
        {
            if (its == role && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }
        }

        return null;
    }

    /// <summary>The newer of two readings of one VMI.</summary>
    public static VirtualMachineInstance Newer(VirtualMachineInstance a, VirtualMachineInstance b) =>
        Version(b) > Version(a) ? b : a;

    /// <summary>An IP address as it stands in a URI.</summary>
    public static string ForUri(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

    private static ulong Version(VirtualMachineInstance vmi) =>
        ulong.TryParse(vmi.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
}
