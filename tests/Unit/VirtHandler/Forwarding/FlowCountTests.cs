using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class FlowCountTests
{
    private const uint Mask = 0x00ff0000;

    [Theory]
    [InlineData(TcpConntrackState.SynSent, 1)]
    [InlineData(TcpConntrackState.SynSent2, 1)]
    [InlineData(TcpConntrackState.SynRecv, 1)]
    [InlineData(TcpConntrackState.Established, 1)]
    [InlineData(TcpConntrackState.FinWait, 1)]
    [InlineData(TcpConntrackState.CloseWait, 1)]
    [InlineData(TcpConntrackState.LastAck, 1)]
    [InlineData(TcpConntrackState.TimeWait, 0)]
    [InlineData(TcpConntrackState.Close, 0)]
    [InlineData(TcpConntrackState.None, 0)]
    public void A_TCP_connection_counts_until_both_sides_have_closed_it(TcpConntrackState state, int count) =>
        FlowCount.Left([Flows.Tcp(1, state)], Mask).ShouldBe(count);

    [Fact]
    public void UDP_and_pings_count_as_long_as_the_kernel_keeps_them() =>
        FlowCount.Left([Flows.Udp(1), Flows.Echo(2)], Mask).ShouldBe(2);

    [Fact]
    public void What_is_only_passed_on_for_an_older_pod_does_not_count() =>
        FlowCount.Left([Flows.Tcp(1, mark: 0x20000), Flows.Udp(2, mark: 0x10000), Flows.Udp(3)], Mask).ShouldBe(1);

    [Fact]
    public void A_mark_that_somebody_else_has_set_does_not_make_a_flow_another_pods() =>
        FlowCount.Left([Flows.Tcp(1, mark: 0x1), Flows.Udp(2, mark: 0xff00ffff)], Mask).ShouldBe(2);
}
