using Godwit.Types;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Whether and how a VMI's connections are carried over a migration. Pure.</summary>
/// <param name="Guest">The guest's own address behind the masquerade.</param>
/// <param name="MaxSeconds">How long the pod that it leaves stays for them.</param>
/// <param name="DrainSeconds">How long it stays when its node is to be emptied.</param>
public sealed record ForwardingSettings(string Guest, long MaxSeconds, long DrainSeconds)
{
    /// <summary>Null when it is switched off, or when the guest has no address behind a masquerade.</summary>
    public static ForwardingSettings? For(VirtualMachineInstance vmi, MigrationState state)
    {
        var settings = MigrationSettings.Merge(state.MigrationConfiguration).ConnectionForwarding!;
        if (settings.Enabled == false || vmi.Spec?.Domain?.Devices?.Interfaces is not [{ Masquerade: not null } card])
        {
            return null;
        }

        var network = vmi.Spec.Networks?.FirstOrDefault(network => network.Name == card.Name);
        return network?.Pod is { } pod
            ? new ForwardingSettings(
                GuestSubnet.Parse(pod.VmNetworkCIDR).Guest, settings.MaxSeconds!.Value, settings.DrainSeconds!.Value)
            : null;
    }
}
