using Godwit.Machinery;
using Godwit.VirtHandler.Forwarding;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class PredecessorsTests
{
    private static readonly Tunnel[] Incoming = [Tunnels.FromP1ToP3, Tunnels.FromP2ToP3];

    [Fact]
    public async Task A_pod_that_has_ended_is_not_waited_for_though_its_tunnel_is_still_there() =>
        (await Predecessors.StillThereAsync(Incoming, static pod => Task.FromResult(pod == "virt-launcher-demo-1" ? null : new PodEnd(Tunnels.Ip(2), [Tunnels.Ip(2)], null))))
            .ShouldBe([Tunnels.Ip(2)]);

    [Fact]
    public async Task While_the_server_does_not_answer_all_are_taken_to_be_there() =>
        (await Predecessors.StillThereAsync(Incoming, static pod => throw new ApiException(new ApiCall("get", "pods", pod), "no answer", null, isTimeout: true)))
            .ShouldBe([Tunnels.Ip(1), Tunnels.Ip(2)]);
}
