using Godwit.VirtHandler.Forwarding;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class LinkDecisionTests
{
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
}
