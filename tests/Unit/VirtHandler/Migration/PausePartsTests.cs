using System.Text.Json;
using Godwit.Qemu;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class PausePartsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Each_part_lasts_from_one_event_to_the_next()
    {
        var parts = PauseParts.Of([At(0, "active"), At(900, "STOP"), At(904, "pre-switchover"), At(906, "device"), At(916, "completed")], Time(923));

        parts.ShouldBe(new PauseParts(Copy: 900, LastLook: 4, Disks: 2, Rest: 10, Commit: 7));
        parts.ToString().ShouldBe("4.0 ms last look, 2.0 ms disks, 10.0 ms rest of memory and devices, 7.0 ms commit, after 900.0 ms of sending");
    }

    [Fact]
    public void Of_two_migrations_the_later_counts()
    {
        var parts = PauseParts.Of(
            [
                At(0, "active"), At(10, "STOP"), At(11, "pre-switchover"), At(12, "device"), At(13, "completed"),
                At(500, "active"), At(700, "STOP"), At(703, "pre-switchover"), At(704, "device"), At(706, "completed"),
            ],
            Time(710));

        parts.ShouldBe(new PauseParts(Copy: 200, LastLook: 3, Disks: 1, Rest: 2, Commit: 4));
    }

    [Fact]
    public void A_part_whose_events_are_not_there_is_unknown()
    {
        var parts = PauseParts.Of([At(700, "STOP"), At(703, "pre-switchover")], Time(710));

        parts.ShouldBe(new PauseParts(Copy: null, LastLook: 3, Disks: null, Rest: null, Commit: null));
        parts.ToString().ShouldStartWith("3.0 ms last look, ? ms disks, ? ms");
    }

    private static DateTimeOffset Time(int milliseconds) => Start.AddMilliseconds(milliseconds);

    private static QmpEvent At(int milliseconds, string what) => what == "STOP"
        ? new(milliseconds, what, default, Time(milliseconds))
        : new(milliseconds, "MIGRATION", JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["status"] = what }), Time(milliseconds));
}
