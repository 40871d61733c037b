using Godwit.VirtHandler.Forwarding;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class TurnDecisionTests
{
    [Theory]
    [InlineData(SourcePhase.Idle, false)]
    [InlineData(SourcePhase.Active, false)]
    [InlineData(SourcePhase.PreSwitchover, true)]
    [InlineData(SourcePhase.Device, true)]
    [InlineData(SourcePhase.Completed, true)]
    [InlineData(SourcePhase.PostCopy, true)]
    [InlineData(SourcePhase.Failed, false)]
    [InlineData(SourcePhase.Cancelling, false)]
    public void Packets_go_where_the_guest_will_run_next(SourcePhase phase, bool toTunnel) =>
        TurnDecision.WantsTunnel(phase, Owner.Source, failed: false).ShouldBe(toTunnel);

    [Theory]
    [InlineData(SourcePhase.Unreachable)]
    [InlineData(SourcePhase.Switching)]
    public void Where_nothing_is_known_nothing_is_turned(SourcePhase phase) =>
        TurnDecision.WantsTunnel(phase, Owner.Source, failed: false).ShouldBeNull();

    [Fact]
    public void A_migration_that_failed_leaves_the_guest_here_whatever_QEMU_says() =>
        TurnDecision.WantsTunnel(SourcePhase.Completed, Owner.Source, failed: true).ShouldBe(false);

    [Fact]
    public void When_the_record_names_the_target_nothing_turns_back() =>
        TurnDecision.WantsTunnel(SourcePhase.Gone, Owner.Target, failed: false).ShouldBe(true);
}
