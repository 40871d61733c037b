using Godwit.VirtHandler.Forwarding;

namespace Godwit.Unit.VirtHandler.Forwarding;

/// <summary>Tunnels for the tests: pod p1 at 10.98.1.7, p2 at 10.98.2.8, p3 at 10.98.3.9.</summary>
internal static class Tunnels
{
    public const string First = "11111111-aaaa-bbbb-cccc-dddddddddddd";
    public const string Second = "22222222-aaaa-bbbb-cccc-dddddddddddd";

    public static Tunnel FromP1ToP2 { get; } = Make(First, mark: 1, 1, 2);

    public static Tunnel FromP2ToP3 { get; } = Make(Second, mark: 2, 2, 3);

    public static Tunnel FromP1ToP3 { get; } = Make(Second, mark: 1, 1, 3);

    public static string Ip(int pod) => $"10.98.{pod}.{pod + 6}";

    public static string Uid(int pod) => $"pod-{pod}";

    private static Tunnel Make(string migration, int mark, int from, int to) => new()
    {
        MigrationUid = migration,
        Mark = mark,
        Vni = 4711,
        Probe = 5,
        SourceIp = Ip(from),
        SourceMac = "02:00:00:00:00:0a",
        SourcePod = $"virt-launcher-demo-{from}",
        SourcePodUid = Uid(from),
        TargetIp = Ip(to),
        TargetMac = "02:00:00:00:00:0b",
        TargetPodUid = Uid(to),
        Guest = "10.0.2.2",
        Mtu = 1450,
    };
}
