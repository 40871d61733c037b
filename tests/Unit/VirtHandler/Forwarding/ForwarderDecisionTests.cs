using Godwit.Types;
using Godwit.VirtHandler.Forwarding;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class ForwarderDecisionTests
{
    private static readonly DateTimeOffset Left = Given.Now;
    private static readonly ForwarderTerms Terms = new("default", "demo", Given.VmiUid, Tunnels.First, Left, Left.AddSeconds(600), DrainSeconds: 30);

    private static readonly ForwarderFacts Forwarding = new()
    {
        PodUid = Tunnels.Uid(1),
        Now = Left.AddSeconds(100),
        Terms = Terms,
        Outgoing = [Tunnels.FromP1ToP2],
        OwnerPodUid = Tunnels.Uid(2),
        MigrationUid = Tunnels.First,
        Flows = 3,
    };

    [Fact]
    public void A_pod_with_open_connections_forwards_them() =>
        ForwarderDecision.Decide(Forwarding).Action.ShouldBe(ForwarderAction.Wait);

    [Fact]
    public void It_ends_when_the_last_connection_has()
    {
        var plan = ForwarderDecision.Decide(Forwarding with { Flows = 0 });

        plan.Action.ShouldBe(ForwarderAction.End);
        plan.Reason.ShouldBe("all connections have ended");
    }

    [Fact]
    public void In_its_first_seconds_it_waits_for_connections_that_come_late_to_the_old_address() =>
        ForwarderDecision.Decide(Forwarding with { Flows = 0, Now = Left.AddSeconds(1) }).Action.ShouldBe(ForwarderAction.Wait);

    [Fact]
    public void It_stays_for_what_an_earlier_pod_still_sends_here() =>
        ForwarderDecision.Decide(Forwarding with { Flows = 0, HasPredecessors = true }).Action.ShouldBe(ForwarderAction.Wait);

    [Theory]
    [InlineData(599, ForwarderAction.Wait)]
    [InlineData(600, ForwarderAction.End)]
    public void Its_time_is_limited(int seconds, ForwarderAction expected) =>
        ForwarderDecision.Decide(Forwarding with { Now = Left.AddSeconds(seconds) }).Action.ShouldBe(expected);

    [Theory]
    [InlineData(29, ForwarderAction.Wait)]
    [InlineData(30, ForwarderAction.End)]
    public void A_drain_leaves_it_a_short_grace(int seconds, ForwarderAction expected) =>
        ForwarderDecision.Decide(Forwarding with { DrainedSince = Forwarding.Now.AddSeconds(-seconds) }).Action.ShouldBe(expected);

    [Fact]
    public void A_pod_that_is_about_to_be_ended_by_force_ends_its_connections_in_order_before() =>
        ForwarderDecision.Decide(Forwarding with { PodEnds = Forwarding.Now.AddSeconds(4) }).Reason.ShouldContain("being deleted");

    [Fact]
    public void It_ends_at_once_with_its_virtual_machine() =>
        ForwarderDecision.Decide(Forwarding with { GuestGone = true }).ShouldBe(new ForwarderPlan(ForwarderAction.End, "the virtual machine is gone"));

    [Fact]
    public void It_opens_a_way_to_the_pod_that_the_guest_is_about_to_go_on_to() =>
        ForwarderDecision.Decide(Forwarding with { MigrationUid = Tunnels.Second, MovesOn = true }).Action.ShouldBe(ForwarderAction.Follow);

    [Fact]
    public void It_opens_that_way_once() =>
        ForwarderDecision.Decide(Forwarding with { MigrationUid = Tunnels.Second, MovesOn = true, Outgoing = [Tunnels.FromP1ToP2, Tunnels.FromP1ToP3] })
            .Action.ShouldBe(ForwarderAction.Wait);

    [Fact]
    public void It_turns_when_the_record_says_that_the_guest_has_gone_on()
    {
        var plan = ForwarderDecision.Decide(Forwarding with
        {
            MigrationUid = Tunnels.Second,
            OwnerPodUid = Tunnels.Uid(3),
            Outgoing = [Tunnels.FromP1ToP2, Tunnels.FromP1ToP3],
        });

        plan.Action.ShouldBe(ForwarderAction.Turn);
        plan.Tunnel.ShouldBe(Tunnels.FromP1ToP3);
    }

    [Fact]
    public void A_way_over_which_the_guest_did_not_go_is_removed()
    {
        var plan = ForwarderDecision.Decide(Forwarding with
        {
            MigrationUid = Tunnels.Second,
            MigrationFailed = true,
            Outgoing = [Tunnels.FromP1ToP2, Tunnels.FromP1ToP3],
        });

        plan.Action.ShouldBe(ForwarderAction.Remove);
        plan.Tunnel.ShouldBe(Tunnels.FromP1ToP3);
    }

    [Fact]
    public void It_ends_when_the_guest_has_gone_on_to_where_it_has_no_way() =>
        ForwarderDecision.Decide(Forwarding with { OwnerPodUid = Tunnels.Uid(3) }).Reason.ShouldContain("there is no way");

    [Fact]
    public void It_still_opens_a_way_when_the_guest_has_gone_on_just_now() =>
        ForwarderDecision.Decide(Forwarding with { OwnerPodUid = Tunnels.Uid(3), MigrationUid = Tunnels.Second, MovesOn = true })
            .Action.ShouldBe(ForwarderAction.Follow);

    [Fact]
    public void A_new_pod_takes_callers_from_when_its_own_way_is_open_until_a_while_after_the_move()
    {
        var moving = new MigrationState { SourcePodUID = Tunnels.Uid(2), Forwarding = new() { State = MigrationForwarding.Prepared } };
        var moved = moving with { EndTimestamp = Left, Forwarding = new() { State = MigrationForwarding.Forwarding } };

        MayFollow(moving, 0).ShouldBeTrue();
        MayFollow(moving with { Forwarding = null }, 0).ShouldBeFalse();
        MayFollow(moving with { SourcePodUID = Tunnels.Uid(5) }, 0).ShouldBeFalse();
        MayFollow(moved, 30).ShouldBeTrue();
        MayFollow(moved, 31).ShouldBeFalse();
        MayFollow(null, 0).ShouldBeFalse();
    }

    [Fact]
    public void While_nobody_knows_where_the_guest_is_nothing_is_undone() =>
        ForwarderDecision.Decide(Forwarding with { OwnerPodUid = null }).Action.ShouldBe(ForwarderAction.Wait);

    [Fact]
    public void What_a_failed_migration_left_at_its_source_is_removed()
    {
        var facts = Forwarding with { Terms = null, OwnerPodUid = Tunnels.Uid(1) };

        ForwarderDecision.Decide(facts).Action.ShouldBe(ForwarderAction.Wait);
        ForwarderDecision.Decide(facts with { MigrationFailed = true }).Action.ShouldBe(ForwarderAction.Remove);
        ForwarderDecision.Decide(facts with { MigrationUid = Tunnels.Second }).Action.ShouldBe(ForwarderAction.Remove);
    }

    [Fact]
    public void A_source_whose_guest_has_been_handed_over_keeps_its_tunnel_until_it_has_terms() =>
        ForwarderDecision.Decide(Forwarding with { Terms = null }).Action.ShouldBe(ForwarderAction.Wait);

    private static bool MayFollow(MigrationState? migration, int seconds) =>
        ForwarderDecision.MayFollow(migration, [Tunnels.FromP1ToP2], Left.AddSeconds(seconds));
}
