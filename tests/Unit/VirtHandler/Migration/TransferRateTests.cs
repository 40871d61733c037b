using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class TransferRateTests
{
    private readonly TransferRate _rate = new();

    [Fact]
    public void Nothing_is_said_before_half_a_second_has_been_seen()
    {
        _rate.Take(At(0), 0).ShouldBeNull();
        _rate.Take(At(0.4), 1000).ShouldBeNull();
        _rate.Take(At(0.5), 1000).ShouldBe(2000);
    }

    [Fact]
    public void Gusts_are_told_as_their_average()
    {
        for (var second = 0; second < 10; second++)
        {
            _rate.Take(At(second), second / 2 * 2000);
        }

        _rate.Take(At(10), 10_000).ShouldBe(1333);
        _rate.Take(At(10.1), 10_000).ShouldBe(1290);
    }

    [Fact]
    public void Counters_that_start_anew_are_measured_anew()
    {
        _rate.Take(At(0), 0);
        _rate.Take(At(2), 10_000).ShouldBe(5000);
        _rate.Take(At(3), 100).ShouldBeNull();
        _rate.Take(At(4), 200).ShouldBe(100);
    }

    [Theory]
    [InlineData("16Mi", 0)]
    [InlineData("64Mi", 0)]
    [InlineData("1Gi", 2)]
    [InlineData(null, 2)]
    public void Where_a_low_limit_is_to_be_kept_there_is_one_stream(string? bandwidth, int channels) =>
        TargetSetup.ChannelsFor(new() { MigrationConfiguration = new() { BandwidthPerMigration = bandwidth } }).ShouldBe(channels);

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
