namespace Godwit.VirtHandler.Network;

/// <summary>How a guest is to be bound to its pod's network: addresses, MAC, opened ports, what DHCP says.</summary>
public sealed record PodWiring(string GuestMac)
{
    public const string UplinkName = "eth0";
    public const string BridgeName = "k6t";
    public const string TapName = "tap0";

    /// <summary>Same in every pod: a guest keeps its gateway's MAC in its neighbour table when it moves.</summary>
    public const string BridgeMac = "02:00:00:00:00:00";

    /// <summary>Enough frames to hold what arrives during the pause of a migration.</summary>
    public const int TapQueueLength = 10_000;

    public GuestSubnet Subnet { get; init; } = GuestSubnet.Default;

    public IReadOnlyList<int> TcpPorts { get; init; } = [];

    public IReadOnlyList<int> UdpPorts { get; init; } = [];

    public IReadOnlyList<string> Nameservers { get; init; } = [];

    public IReadOnlyList<string> SearchDomains { get; init; } = [];

    public string? Hostname { get; init; }

    /// <summary>Extra queues make the tap multi-queue, which must be known when it is made.</summary>
    public bool MultiQueue { get; init; }

    public bool AllPorts => TcpPorts.Count == 0 && UdpPorts.Count == 0;
}
