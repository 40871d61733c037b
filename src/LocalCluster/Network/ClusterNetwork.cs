using System.Net;

namespace Godwit.LocalCluster.Network;

/// <summary>Names and addresses of a cluster's networks, all derived from its name, its ranges and its nodes' order.</summary>
public sealed record ClusterNetwork(string Name, IPNetwork NodeRange, IPNetwork PodRange, IReadOnlyList<string> Nodes)
{
    /// <summary>Longest name of an interface that the kernel takes.</summary>
    private const int MaxInterfaceName = 15;

    public string Bridge => Short($"{Name}0");

    /// <summary>The host's address on the bridge; the API server listens there too.</summary>
    public IPAddress Gateway => Offset(NodeRange, 1);

    public IReadOnlyList<NodePlace> Places { get; } =
        [.. Nodes.Select((node, i) => PlaceOf(Name, NodeRange, PodRange, node, i + 1))];

    public NodePlace Place(string node) =>
        Places.FirstOrDefault(p => p.Node == node) ?? throw new ArgumentException($"{node} is no node of cluster {Name}", nameof(node));

    /// <summary>Whether a network namespace belongs to this cluster, by its name.</summary>
    public bool Owns(string networkNamespace) =>
        Places.Any(p => p.Namespace == networkNamespace) || networkNamespace.StartsWith($"{Name}-pod-", StringComparison.Ordinal);

    /// <summary>Fails with a clear message when the numbers cannot work.</summary>
    public void Validate()
    {
        if (Name.Length is 0 or > 10 || !Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)))
        {
            throw new NetworkException($"the cluster's name \"{Name}\" must be 1 to 10 lower-case letters and digits: interfaces are named after it");
        }
        if (NodeRange.PrefixLength > 26 || PodRange.PrefixLength > 16)
        {
            throw new NetworkException($"the node range {NodeRange} must hold 64 addresses and the pod range {PodRange} must be a /16 or larger");
        }
        if (NodeRange.Contains(PodRange.BaseAddress) || PodRange.Contains(NodeRange.BaseAddress))
        {
            throw new NetworkException($"the node range {NodeRange} and the pod range {PodRange} overlap");
        }
        if (Nodes.Count is 0 or > 40)
        {
            throw new NetworkException($"{Nodes.Count} nodes asked for; 1 to 40 are possible");
        }
    }

    private static NodePlace PlaceOf(string name, IPNetwork nodes, IPNetwork pods, string node, int number) => new(
        node,
        $"{name}-{node}",
        Short($"{name}-v{number:00}"),
        Offset(nodes, (uint)(10 + number)),
        nodes.PrefixLength,
        new IPNetwork(Offset(pods, (uint)number << 8), 24));

    private static IPAddress Offset(IPNetwork network, uint offset)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        var value = ((uint)bytes[0] << 24 | (uint)bytes[1] << 16 | (uint)bytes[2] << 8 | bytes[3]) + offset;
        return new IPAddress([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
    }

    private static string Short(string name) => name.Length <= MaxInterfaceName ? name : name[..MaxInterfaceName];
}
