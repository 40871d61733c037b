using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class SourceProgressTests
{
    private const long Memory = 1L << 30;
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly MigrationState State = new()
    {
        MigrationUid = "m",
        StartTimestamp = Start,
        MigrationConfiguration = new MigrationConfiguration { CompletionTimeoutPerGiB = 100, ProgressTimeout = 100_000 },
    };

    [Theory]
    [InlineData(0, 150, false)]
    [InlineData(0, 250, true)]
    [InlineData(86_400, 150, false)]
    [InlineData(-86_400, 250, true)]
    public void A_clock_that_is_stepped_while_memory_flows_neither_ends_a_migration_nor_keeps_one_going(int step, int passed, bool ends)
    {
        var clock = new SteppedClock(Start);
        var progress = new SourceProgress(new RecordKeeper(null!, new() { Status = new() { MigrationState = State } }, clock), clock);
        Look(progress, left: Memory);

        clock.Step += TimeSpan.FromSeconds(step);
        clock.Advance(TimeSpan.FromSeconds(passed));
        Look(progress, left: Memory / 2);

        (progress.Decide(State, Memory)?.Action == MonitorAction.Cancel).ShouldBe(ends);
    }

    [Fact]
    public void An_agent_that_comes_later_counts_from_the_migrations_start()
    {
        var clock = new SteppedClock(Start);
        clock.Advance(TimeSpan.FromSeconds(250));
        var progress = new SourceProgress(new RecordKeeper(null!, new() { Status = new() { MigrationState = State } }, clock), clock);

        Look(progress, left: Memory / 2);

        progress.Decide(State, Memory)!.Action.ShouldBe(MonitorAction.Cancel);
    }

    private static void Look(SourceProgress progress, long left) => progress.Take(
        new MigrationStatus { Status = MigrationStates.Active, Ram = new() { Total = Memory, Remaining = left, Transferred = Memory - left } },
        [],
        SourcePhase.Active);
}
