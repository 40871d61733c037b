using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler.Boot;

/// <summary>Decides how a VMI's card is bound to the pod's network. Pure.</summary>
public static class WiringBuilder
{
    public static PodWiring Build(VirtualMachineInstance vmi, HardwareDefinition hardware, Resolver resolver)
    {
        var cards = vmi.Spec?.Domain?.Devices?.Interfaces ?? [];
        if (cards.Count != 1)
        {
            throw new DomainException($"spec.domain.devices.interfaces: {cards.Count} cards; one on the pod network is offered");
        }

        var card = cards[0];
        var network = (vmi.Spec?.Networks ?? []).FirstOrDefault(network => network.Name == card.Name);
        if (network?.Pod is null || card.Masquerade is null)
        {
            throw new DomainException(
                $"spec.domain.devices.interfaces[{card.Name}]: only masquerade on the pod network is offered; give it \"masquerade: {{}}\" and its network \"pod: {{}}\"");
        }

        var ports = card.Ports ?? [];
        return new PodWiring(RecordedMac(hardware, card))
        {
            Subnet = Subnet(network.Pod.VmNetworkCIDR),
            TcpPorts = [.. ports.Where(port => port.Protocol is null or "" or "TCP").Select(port => port.Port).OfType<int>()],
            UdpPorts = [.. ports.Where(port => port.Protocol == "UDP").Select(port => port.Port).OfType<int>()],
            Nameservers = resolver.Nameservers,
            SearchDomains = resolver.SearchDomains,
            Hostname = Names.ToHostname(vmi.Spec!.Hostname ?? vmi.Metadata.Name!),
        };
    }

    private static string RecordedMac(HardwareDefinition hardware, Interface card) =>
        hardware.Find(HardwareBuilder.NicId(card.Name!))?.Properties.GetValueOrDefault("mac")
        ?? throw new DomainException($"the recorded hardware has no card {card.Name}");

    private static GuestSubnet Subnet(string? cidr)
    {
        try
        {
            return GuestSubnet.Parse(cidr);
        }
        catch (FormatException e)
        {
            throw new DomainException(e.Message, e);
        }
    }
}
