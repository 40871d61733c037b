using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Godwit.Types;

/// <summary>Rules for networks and the interfaces on them.</summary>
internal static class NetworkValidation
{
    private const int MaxEntries = 256;

    /// <summary>The bindings that an interface asks for; right is exactly one.</summary>
    public static IReadOnlyList<string> Bindings(Interface card)
    {
        (string Name, object? Value)[] all =
        [
            ("bridge", card.Bridge), ("masquerade", card.Masquerade), ("sriov", card.Sriov),
            ("passtBinding", card.PasstBinding), ("binding", card.Binding), ("slirp", card.Slirp),
            ("macvtap", card.Macvtap), ("passt", card.Passt),
        ];
        return [.. all.Where(entry => entry.Value is not null).Select(entry => entry.Name)];
    }

    public static void Networks(VirtualMachineInstanceSpec spec, ClusterConfiguration cluster, Errors errors)
    {
        const string Networks = "spec.networks";
        const string Interfaces = "spec.domain.devices.interfaces";
        var networks = spec.Networks ?? [];
        var cards = spec.Domain?.Devices?.Interfaces ?? [];
        if (networks.Count > MaxEntries || cards.Count > MaxEntries)
        {
            errors.Add(Networks, $"{Networks} list exceeds the {MaxEntries} element limit in length", "Remove some.");
            return;
        }

        errors.UniqueNames(Networks, networks.Select(network => network.Name));
        errors.UniqueNames(Interfaces, cards.Select(card => card.Name));
        if (networks.Count(network => network.Pod is not null || network.Multus?.Default == true) > 1)
        {
            errors.Add(Networks, "more than one interface is connected to a pod network in spec.networks", "Keep one pod network.", FieldError.Duplicate);
        }

        for (var i = 0; i < networks.Count; i++)
        {
            Network($"{Networks}[{i}]", networks[i], errors);
            if (!cards.Any(card => card.Name == networks[i].Name))
            {
                errors.Add($"{Networks}[{i}].name", $"{Networks}[{i}].name '{networks[i].Name}' not found.", $"Add an interface of this name to {Interfaces}, or remove the network.", FieldError.Required);
            }
        }

        for (var i = 0; i < cards.Count; i++)
        {
            var network = networks.FirstOrDefault(network => network.Name == cards[i].Name);
            if (network is null)
            {
                errors.Add($"{Interfaces}[{i}].name", $"{Interfaces}[{i}].name '{cards[i].Name}' not found.", $"Add a network of this name to {Networks}, or remove the interface.");
            }

            Interface($"{Interfaces}[{i}]", cards[i], network, cluster, errors);
        }

        Macs(Interfaces, cards, errors);
    }

    private static void Network(string path, Network network, Errors errors)
    {
        var sources = (network.Pod is null ? 0 : 1) + (network.Multus is null ? 0 : 1) + (network.ResourceClaim is null ? 0 : 1);
        if (sources != 1)
        {
            errors.Add(path, sources == 0 ? "should have a network type" : "should have only one network type", "Use 'pod: {}' for the pod's own network.");
        }

        if (network.Pod?.VmNetworkCIDR is { Length: > 0 } cidr
            && !(IPNetwork.TryParse(cidr, out var parsed)
                && parsed.BaseAddress.AddressFamily == AddressFamily.InterNetwork && parsed.PrefixLength <= 30))
        {
            errors.Add($"{path}.pod.vmNetworkCIDR", $"'{cidr}' is not an IPv4 network", "Write it as 10.0.2.0/24; it must have room for gateway and guest.");
        }

        if (network.Pod?.VmIPv6NetworkCIDR is { Length: > 0 } six
            && !(IPNetwork.TryParse(six, out var parsed6)
                && parsed6.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 && parsed6.PrefixLength <= 126))
        {
            errors.Add($"{path}.pod.vmIPv6NetworkCIDR", $"'{six}' is not an IPv6 network", "Write it as fd10:0:2::/120.");
        }

        if (network.Multus is { NetworkName: null or "" })
        {
            errors.Required($"{path}.multus.networkName", "Name the network attachment definition.");
        }
    }

    private static void Interface(
        string path, Interface card, Network? network, ClusterConfiguration cluster, Errors errors)
    {
        var bindings = Bindings(card);
        if (bindings.Count != 1)
        {
            errors.Add(
                path,
                bindings.Count == 0 ? $"{path} has no binding" : $"{path} has more than one binding: {string.Join(", ", bindings)}",
                "Use 'masquerade: {}', with which the VMI can also migrate.");
        }

        if (card.Slirp is not null || card.Macvtap is not null || card.Passt is not null)
        {
            errors.Add(path, $"{bindings[0]} binding has been removed", "Use 'masquerade: {}'.", FieldError.NotSupported);
        }

        if (card.Masquerade is not null && network is not null && network.Pod is null)
        {
            errors.Add($"{path}.name", "Masquerade interface only implemented with pod network", "Connect it to the network that has 'pod: {}'.");
        }

        if (card.Bridge is not null && network?.Pod is not null && !cluster.PermitBridgeInterfaceOnPodNetwork)
        {
            errors.Add($"{path}.name", "Bridge on pod network configuration is not enabled under kubevirt-config", "Use 'masquerade: {}'.");
        }

        errors.OneOf($"{path}.model", card.Model, "virtio", "e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139");
        errors.OneOf($"{path}.state", card.State, "up", "down", "absent");
        DiskValidation.PciAddress($"{path}.pciAddress", card.PciAddress, errors);
        Ports(path, card.Ports, errors);
        Dhcp($"{path}.dhcpOptions", card.DhcpOptions, errors);
    }

    private static void Ports(string path, IReadOnlyList<InterfacePort>? ports, Errors errors)
    {
        for (var i = 0; i < (ports?.Count ?? 0); i++)
        {
            var port = ports![i];
            if (port.Port is null)
            {
                errors.Required($"{path}.ports[{i}].port", "Give the port's number.");
            }
            else if (port.Port is < 1 or > 65535)
            {
                errors.Add($"{path}.ports[{i}].port", $"{path}.ports[{i}].port must be in range 0 < x < 65536", "");
            }

            errors.OneOf($"{path}.ports[{i}].protocol", port.Protocol, "TCP", "UDP");
        }

        var names = (ports ?? []).Select(port => port.Name).Where(name => !string.IsNullOrEmpty(name)).ToList();
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
        {
            errors.Add($"{path}.ports", "two ports have the same name", "Names of ports must differ.", FieldError.Duplicate);
        }
    }

    private static void Dhcp(string path, DhcpOptions? options, Errors errors)
    {
        for (var i = 0; i < (options?.NtpServers?.Count ?? 0); i++)
        {
            if (!IPAddress.TryParse(options!.NtpServers![i], out var address)
                || address.AddressFamily != AddressFamily.InterNetwork)
            {
                errors.Add($"{path}.ntpServers[{i}]", $"'{options.NtpServers[i]}' is not an IPv4 address", "NTP servers are given to the guest by address.");
            }
        }

        for (var i = 0; i < (options?.PrivateOptions?.Count ?? 0); i++)
        {
            if (options!.PrivateOptions![i].Option is not (>= 224 and <= 254))
            {
                errors.Add($"{path}.privateOptions[{i}].option", "provided DHCPPrivateOptions are out of range, must be in range 224 to 254", "");
            }
        }
    }

    private static void Macs(string list, IReadOnlyList<Interface> cards, Errors errors)
    {
        var seen = new HashSet<PhysicalAddress>();
        for (var i = 0; i < cards.Count; i++)
        {
            var path = $"{list}[{i}].macAddress";
            var text = cards[i].MacAddress;
            if (string.IsNullOrEmpty(text))
            {
                continue;
            }

            if (!PhysicalAddress.TryParse(text, out var mac) || mac.GetAddressBytes().Length != 6
                || (!text.Contains(':', StringComparison.Ordinal) && !text.Contains('-', StringComparison.Ordinal)))
            {
                errors.Add(path, $"interface {path} has malformed MAC address ({text}).", "Write it as 02:00:00:12:34:56.");
            }
            else if ((mac.GetAddressBytes()[0] & 1) == 1)
            {
                errors.Add(path, $"{text} is a multicast address", "The first byte must be even.");
            }
            else if (!seen.Add(mac))
            {
                errors.Add(path, $"{text} is used twice", "Each interface needs its own address.", FieldError.Duplicate);
            }
        }
    }
}
