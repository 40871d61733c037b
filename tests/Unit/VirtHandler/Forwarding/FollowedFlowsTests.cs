using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class FollowedFlowsTests
{
    private readonly FollowedFlows _flows = new();

    [Fact]
    public void Before_the_first_listing_nothing_is_sure() => _flows.IsSure.ShouldBeFalse();

    [Fact]
    public void What_begins_changes_and_ends_is_followed()
    {
        _flows.Renew([Flows.Tcp(1), Flows.Udp(2)]);

        _flows.Take(Flows.Tcp(3, TcpConntrackState.SynSent), ended: false);
        _flows.Take(Flows.Tcp(3), ended: false);
        _flows.Take(Flows.Tcp(1, TcpConntrackState.FinWait), ended: false);
        _flows.Take(Flows.Udp(2), ended: true);

        _flows.All.ShouldBe([Flows.Tcp(1, TcpConntrackState.FinWait), Flows.Tcp(3)], ignoreOrder: true);
        _flows.IsSure.ShouldBeTrue();
    }

    [Fact]
    public void A_handshake_that_began_before_anybody_listened_has_to_be_listed_again()
    {
        _flows.Renew([Flows.Tcp(1, TcpConntrackState.SynSent)]);
        _flows.IsSure.ShouldBeFalse();

        _flows.Renew([Flows.Tcp(1)]);
        _flows.IsSure.ShouldBeTrue();
    }

    [Fact]
    public void A_handshake_that_is_told_of_need_not_be_listed_also_after_another_listing()
    {
        _flows.Renew([]);
        _flows.Take(Flows.Tcp(1, TcpConntrackState.SynSent), ended: false);
        _flows.IsSure.ShouldBeTrue();

        _flows.Renew([Flows.Tcp(1, TcpConntrackState.SynRecv)]);
        _flows.IsSure.ShouldBeTrue();

        // The same ports, some time later: nobody has told of this one.
        _flows.Take(Flows.Tcp(1), ended: true);
        _flows.Renew([Flows.Tcp(1, TcpConntrackState.SynRecv)]);
        _flows.IsSure.ShouldBeFalse();
    }

    [Fact]
    public void What_a_change_does_not_tell_stays_as_it_was()
    {
        _flows.Renew([Flows.Tcp(1)]);

        _flows.Take(Flows.Tcp(1, TcpConntrackState.None, mark: 0x10000) with { TimeoutSeconds = 0 }, ended: false);

        _flows.All.ShouldBe([Flows.Tcp(1, mark: 0x10000)]);
    }

    [Fact]
    public void A_change_of_an_unknown_flow_that_does_not_tell_all_of_it_asks_for_a_listing()
    {
        _flows.Renew([]);

        _flows.Take(Flows.Tcp(1, TcpConntrackState.None), ended: false);

        _flows.All.ShouldBeEmpty();
        _flows.IsSure.ShouldBeFalse();
    }

    [Fact]
    public void Only_what_was_told_of_since_the_last_time_is_new()
    {
        _flows.Take(Flows.Tcp(1), ended: false);
        _flows.Renew([Flows.Tcp(1), Flows.Udp(2), Flows.Echo(3)]);
        _flows.TakeChanges().About.ShouldNotBeNull().ShouldBeEmpty();

        _flows.Take(Flows.Tcp(1, TcpConntrackState.FinWait), ended: false);
        _flows.Take(Flows.Udp(2), ended: true);
        _flows.Take(Flows.Tcp(4), ended: false);
        _flows.Take(Flows.Tcp(4), ended: true);
        var changes = _flows.TakeChanges();

        changes.About.ShouldNotBeNull().ShouldBe([Flows.Tcp(1).Tuple, Flows.Udp(2).Tuple, Flows.Tcp(4).Tuple], ignoreOrder: true);
        changes.Now.ShouldBe([Flows.Tcp(1, TcpConntrackState.FinWait)]);
        _flows.TakeChanges().About.ShouldNotBeNull().ShouldBeEmpty();
    }

    [Fact]
    public void What_was_lost_is_made_good_by_a_listing()
    {
        _flows.Renew([Flows.Tcp(1)]);
        _flows.Lose();
        _flows.IsSure.ShouldBeFalse();

        _flows.Renew([Flows.Udp(2)]);

        _flows.All.ShouldBe([Flows.Udp(2)]);
        _flows.IsSure.ShouldBeTrue();
    }
}
