using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class MigrationSourceLossTests
{
    private const string Loss = "node node01 is out of service";

    private static MigrationFacts Facts(Func<MigrationState, MigrationState>? change = null, string owner = "target-uid", string? loss = Loss) => new()
    {
        Migration = Given.Migration(MigrationPhases.Running),
        Vmi = Given.Migrating(state => (change ?? (s => s))(state with { Mode = MigrationModes.PostCopy, StartTimestamp = Given.Now }), owner),
        TargetPod = Given.TargetPod(),
        SourceLoss = loss,
        Copied = Given.Now,
        Wall = Given.Now,
    };

    [Fact]
    public void In_post_copy_the_target_is_first_told_that_the_channel_is_broken()
    {
        var plan = MigrationDecisions.Decide(Facts(state => state with { Channel = new MigrationChannel { State = "Broken", Breaks = 2, Reason = "reset by peer" } }));

        var channel = plan.Vmi!.Status!.MigrationState!.Channel!;
        (channel.State, channel.Breaks, channel.Since).ShouldBe(("Broken", 3, Given.Now));
        channel.Reason.ShouldBe($"the source was lost in post-copy: {Loss}");
        plan.Vmi.Status.Phase.ShouldBe(VmiPhases.Running);
        plan.Again.ShouldBe(MigrationSourceLoss.TargetGrace);
        plan.Events.Single().OnVmi.ShouldBeTrue();
    }

    [Fact]
    public void A_target_that_does_not_say_in_time_that_it_has_everything_is_given_up_with_the_guest()
    {
        var told = Facts() with { Vmi = MigrationDecisions.Decide(Facts()).Vmi };
        var waiting = MigrationDecisions.Decide(told with { Wall = Given.Now + TimeSpan.FromSeconds(5) });
        (waiting.Vmi, waiting.Again).ShouldBe((null, MigrationSourceLoss.TargetGrace - TimeSpan.FromSeconds(5)));

        var plan = MigrationDecisions.Decide(told with { Wall = Given.Now + MigrationSourceLoss.TargetGrace });

        plan.Vmi!.Status!.Phase.ShouldBe(VmiPhases.Failed);
        plan.Migration.Status!.Phase.ShouldBe(MigrationPhases.Failed);
        plan.Vmi.Status.MigrationState!.FailureReason.ShouldBe(
            "the source was lost in post-copy: node node01 is out of service; a part of the guest's memory was there only, so the guest is lost");
        plan.DeleteTargetPod.ShouldBeTrue();
        plan.Events.Count(planned => planned.OnVmi).ShouldBe(1);
    }

    [Fact]
    public void What_the_sources_agent_has_told_already_is_left_to_the_targets_for_as_long()
    {
        var lost = Facts(state => state with { Channel = new MigrationChannel { State = MigrationChannel.Lost, Since = Given.Now } }, loss: "pod p has ended");
        MigrationDecisions.Decide(lost).Vmi.ShouldBeNull();
        MigrationDecisions.Decide(lost with { Wall = Given.Now + MigrationSourceLoss.TargetGrace }).Vmi!.Status!.Phase.ShouldBe(VmiPhases.Failed);
    }

    [Fact]
    public void A_target_that_has_everything_needs_no_source() =>
        MigrationDecisions.Decide(Facts(state => state with { Completed = true })).Migration.Status!.Phase.ShouldBe(MigrationPhases.Succeeded);

    [Theory]
    [InlineData(MigrationModes.PreCopy, "target-uid", Loss)]
    [InlineData(MigrationModes.PostCopy, "source-uid", Loss)]
    [InlineData(MigrationModes.PostCopy, "target-uid", null)]
    public void Before_post_copy_and_without_certainty_nothing_is_given_up(string mode, string owner, string? loss)
    {
        var plan = MigrationDecisions.Decide(Facts(state => state with { Mode = mode }, owner, loss));

        (plan.Vmi?.Status?.Phase ?? VmiPhases.Running).ShouldBe(VmiPhases.Running);
        plan.Migration.Status!.Phase.ShouldBe(MigrationPhases.Running);
        plan.DeleteTargetPod.ShouldBeFalse();
    }
}
