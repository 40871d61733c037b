using CsCheck;
using Godwit.VirtHandler.Forwarding.Kernel;

namespace Godwit.Unit.VirtHandler.Forwarding;

/// <summary>Flows as the kernel could list them.</summary>
internal static class Flows
{
    private static readonly Gen<FlowTuple> Tuple = Gen.Select(Gen.OneOf(FlowProtocol.Icmp, FlowProtocol.Tcp, FlowProtocol.Udp), Gen.UInt, Gen.UInt, Gen.UShort, Gen.UShort)
        .Select(t => t.Item1 == FlowProtocol.Icmp
            ? new FlowTuple(t.Item1, t.Item2, t.Item3, t.Item4, 0, FlowTuple.EchoRequest)
            : new FlowTuple(t.Item1, t.Item2, t.Item3, t.Item4, t.Item5));

    public static Gen<ConntrackEntry> Any { get; } = Gen.Select(
            Tuple,
            Gen.OneOf(ConntrackStatus.None, ConntrackStatus.SeenReply, ConntrackStatus.Assured, ConntrackStatus.SeenReply | ConntrackStatus.Assured),
            Gen.UInt,
            Gen.UInt,
            Gen.Byte[0, 9])
        .Select(e => new ConntrackEntry(e.Item1, e.Item2, e.Item3, e.Item4, e.Item1.Protocol == FlowProtocol.Tcp ? (TcpConntrackState)e.Item5 : TcpConntrackState.None));

    public static ConntrackEntry Tcp(ushort port, TcpConntrackState state = TcpConntrackState.Established, uint mark = 0) =>
        new(new FlowTuple(FlowProtocol.Tcp, 0x0a580105, 0x0a000202, port, 80), ConntrackStatus.SeenReply | ConntrackStatus.Assured, 431_999, mark, state);

    public static ConntrackEntry Udp(ushort port, uint mark = 0) =>
        new(new FlowTuple(FlowProtocol.Udp, 0x0a000202, 0x0a580105, port, 53), ConntrackStatus.None, 30, mark, TcpConntrackState.None);

    public static ConntrackEntry Echo(ushort identifier, uint mark = 0) =>
        new(new FlowTuple(FlowProtocol.Icmp, 0x0a000202, 0x0a580105, identifier, 0, FlowTuple.EchoRequest), ConntrackStatus.SeenReply, 30, mark, TcpConntrackState.None);
}
