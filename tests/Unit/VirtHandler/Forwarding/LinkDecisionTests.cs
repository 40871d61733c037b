using Godwit.Types;
using Godwit.VirtHandler.Forwarding;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class LinkDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 10, 0, 0, TimeSpan.Zero);
    private static readonly LinkFacts InUse = new() { OwnerHere = true, WasOwner = true, Silent = TimeSpan.Zero, Ended = false };

    [Fact]
    public void A_tunnel_whose_other_end_answers_stays() => LinkDecision.Decide(InUse).ShouldBeNull();

    [Fact]
    public void A_network_that_is_away_for_a_minute_costs_no_connection() =>
        LinkDecision.Decide(InUse with { Silent = TimeSpan.FromSeconds(60) }).ShouldBeNull();

    [Fact]
    public void A_node_that_is_lost_is_given_up_in_the_end() =>
        LinkDecision.Decide(InUse with { Silent = LinkDecision.LostAfter }).ShouldNotBeNull();

    [Fact]
    public void One_whose_pod_has_ended_goes_soon() =>
        LinkDecision.Decide(InUse with { Ended = true, Silent = LinkDecision.EndedAfter }).ShouldNotBeNull();

    [Fact]
    public void When_the_guest_has_gone_on_a_silent_one_is_of_no_use_here() =>
        LinkDecision.Decide(InUse with { OwnerHere = false, Silent = LinkDecision.EndedAfter }).ShouldNotBeNull();

    [Fact]
    public void Before_the_guest_has_arrived_nothing_is_judged() =>
        LinkDecision.Decide(InUse with { OwnerHere = false, WasOwner = false, Silent = TimeSpan.FromHours(1), Ended = true }).ShouldBeNull();

    [Theory]
    [InlineData(true, "pod virt-launcher-demo-1 on node node01, which forwarded them, is gone")]
    [InlineData(false, "pod virt-launcher-demo-1 on node node01, which forwarded them, has not been heard for 90 s")]
    public void Of_a_forwarder_that_cannot_say_so_any_more_the_guests_agent_says_that_it_has_ended(bool podGone, string reason)
    {
        var ended = LinkDecision.Untold(InUse with { Ended = podGone }, Tunnels.FromP1ToP2, About(MigrationForwarding.Forwarding), flows: 3, Now).ShouldNotBeNull();

        (ended.State, ended.Flows, ended.Reason, ended.Since, ended.Until).ShouldBe((MigrationForwarding.Ended, 3, reason, Now, null));
    }

    [Fact]
    public void What_the_forwarder_has_said_itself_stands() =>
        LinkDecision.Untold(InUse, Tunnels.FromP1ToP2, About(MigrationForwarding.Ended), flows: 3, Now).ShouldBeNull();

    [Fact]
    public void Nothing_is_said_of_another_migrations_forwarder() =>
        LinkDecision.Untold(InUse, Tunnels.FromP2ToP3, About(MigrationForwarding.Forwarding), flows: 3, Now).ShouldBeNull();

    [Fact]
    public void Only_the_agent_of_the_guests_own_pod_says_it() =>
        LinkDecision.Untold(InUse with { OwnerHere = false }, Tunnels.FromP1ToP2, About(MigrationForwarding.Forwarding), flows: 3, Now).ShouldBeNull();

    private static VirtualMachineInstance About(string state) => new()
    {
        Status = new()
        {
            MigrationState = new()
            {
                MigrationUid = Tunnels.First,
                SourceNode = "node01",
                SourcePodUID = Tunnels.Uid(1),
                Completed = true,
                Forwarding = new() { State = state, Flows = 4, Until = Now.AddMinutes(10) },
            },
        },
    };
}
