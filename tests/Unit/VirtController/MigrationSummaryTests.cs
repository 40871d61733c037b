using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class MigrationSummaryTests
{
    [Fact]
    public void What_is_unknown_is_empty() =>
        MigrationSummaries.Of(new MigrationState(), "Running", Given.Now).ShouldBe(new MigrationSummary
        {
            Source = "",
            Target = "",
            Progress = "",
            Rate = "",
            Eta = "",
            Pause = "",
        });

    [Theory]
    [InlineData(123_731_968, "118 MiB/s")]
    [InlineData(1_572_864, "1.5 MiB/s")]
    [InlineData(655_360, "640 KiB/s")]
    [InlineData(2_147_483_648, "2.0 GiB/s")]
    public void Rates_are_written_for_people(double rate, string text) => MigrationSummaries.Rate(rate).ShouldBe(text);

    [Theory]
    [InlineData(0.0342, "34ms")]
    [InlineData(1.25, "1.3s")]
    [InlineData(45, "45s")]
    [InlineData(300, "5m")]
    public void So_are_durations(double seconds, string text) => MigrationSummaries.Duration(seconds).ShouldBe(text);

    [Theory]
    [InlineData(3.4, 4.2, "3-5s")]
    [InlineData(4, 4, "4s")]
    [InlineData(100, 290, "1-5m")]
    public void The_time_left_is_a_range(double from, double to, string text) => MigrationSummaries.Of(
        new MigrationState { Transfer = new MigrationTransfer { EtaMinSeconds = from, EtaMaxSeconds = to } }, "Running", Given.Now)
        .Eta.ShouldBe(text);

    [Fact]
    public void At_the_end_the_rate_is_the_average() => MigrationSummaries.Of(
        new MigrationState
        {
            StartTimestamp = Given.Now,
            EndTimestamp = Given.Now.AddSeconds(10),
            Transfer = new MigrationTransfer { TransferredBytes = 1_048_576_000, RateBytesPerSecond = 5 },
        },
        "Succeeded",
        Given.Now).Rate.ShouldBe("100 MiB/s");
}
