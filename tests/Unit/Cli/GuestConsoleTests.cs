using Godwit.Cli.Demo;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.Cli;

public sealed class GuestConsoleTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Ticks_that_go_up_by_one_are_neither_lost_nor_repeated()
    {
        var console = GuestConsole.Read([Pod("MG READY mem=128", "T 1 10 20", "T 2 20 30"), Pod("T 3 30 40", "S t=1.0 dirty=20.0MiB/s")]);
        (console.Ticks, console.LostTicks, console.RepeatedTicks).ShouldBe((3, 0, 0));
    }

    [Fact]
    public void A_number_that_never_comes_is_a_lost_tick()
    {
        var console = GuestConsole.Read([Pod("T 1 10 20", "T 2 20 30"), Pod("T 5 50 60")]);
        console.LostTicks.ShouldBe(2);
    }

    [Fact]
    public void A_hole_shows_what_was_read_in_it()
    {
        var console = GuestConsole.Read([Pod("T 1 10 20", "T 2 2[  1.5] a kernel's word", "0 30", "T 3 30 40", "T 4 40 50")]);
        console.Holes.ShouldBe(["T 1 | T 2 2[  1.5] a kernel's word | 0 30 | T 3"]);
    }

    [Fact]
    public void A_number_that_comes_again_says_that_two_copies_ran()
    {
        var console = GuestConsole.Read([Pod("T 1 10 20", "T 2 20 30", "T 3 30 40"), Pod("T 3 30 40", "T 4 40 50")]);
        console.RepeatedTicks.ShouldBe(1);
    }

    [Theory]
    [InlineData("T", " 3 30 40")]
    [InlineData("T 3", " 30 40")]
    [InlineData("T 3 3", "0 40")]
    [InlineData("T 3 30 ", "40")]
    [InlineData("T 3 30 4", "0")]
    public void A_line_that_is_split_between_source_and_target_is_one_line(string source, string target)
    {
        var unended = new[] { new ConsoleLine(Start, "T 2 20 30", true), new ConsoleLine(Start, source, false) };
        var console = GuestConsole.Read([unended, Pod(target, "T 4 40 50")]);
        (console.Ticks, console.LostTicks).ShouldBe((3, 0));
    }

    [Fact]
    public void A_broken_tick_that_the_log_shows_as_a_line_of_its_own_is_joined_too()
    {
        var console = GuestConsole.Read([Pod("T 2 20 30", "T 3 3"), Pod("0 40", "T 4 40 50")]);
        (console.Ticks, console.LostTicks).ShouldBe((3, 0));
    }

    [Fact]
    public void A_whole_tick_after_a_broken_end_that_was_lost_stands_for_itself()
    {
        var console = GuestConsole.Read([Pod("T 2 20 30", "T 3"), Pod("T 4 40 50")]);
        (console.Ticks, console.LostTicks).ShouldBe((2, 1));
    }

    [Fact]
    public void What_the_launcher_and_QEMU_say_is_not_the_guests()
    {
        var console = GuestConsole.Read(
        [
            Pod("2026-11-23T05:53:17.690576Z qemu-system-x86_64: info: waiting", "T 2 20 30", "Tvirt-launcher: default/demo: the guest was handed over"),
            Pod("2026-11-23T05:53:19.050296Z qemu-system-x86_64: TLS handshake failed", " 3 30 40", "T 4 40 50"),
        ]);
        (console.Ticks, console.LostTicks).ShouldBe((3, 0));
    }

    [Fact]
    public void Corruption_and_a_dead_kernel_are_seen()
    {
        var console = GuestConsole.Read([Pod("CORRUPT mem page 1 word 2", "CORRUPT disk block 3 word 4 gen 5", "Kernel panic - not syncing")]);
        (console.MemoryErrors, console.DiskErrors, console.Crashes.Count).ShouldBe((1, 1, 1));
    }

    [Fact]
    public void A_disk_that_goes_while_the_guest_powers_off_is_no_error_but_one_that_fails_before_or_after_it_has_booted_again_is()
    {
        var console = GuestConsole.Read([Pod("ERR disk write: I/O error", "POWEROFF", "ERR disk write: I/O error", "MG START", "ERR disk write: I/O error")]);
        console.DiskErrors.ShouldBe(2);
    }

    [Fact]
    public void The_pause_is_the_largest_gap_near_the_switch_only()
    {
        ConsoleLine[] source = [Tick(1, 0), Tick(2, 500), Tick(3, 510)];
        ConsoleLine[] target = [Tick(4, 600), Tick(5, 610), Tick(6, 2000)];
        var console = GuestConsole.Read([source, target]);
        console.LargestGap(Start.AddMilliseconds(505), Start.AddMilliseconds(605)).ShouldBe(TimeSpan.FromMilliseconds(90));
    }

    [Fact]
    public void A_log_line_has_its_time_in_front()
    {
        var line = ConsoleLine.Parse("2026-01-01T00:00:00.250000000Z T 1 2 3", ended: true, before: default);
        (line.Time, line.Text).ShouldBe((Start.AddMilliseconds(250), "T 1 2 3"));
        ConsoleLine.Parse("T 1 2 3", ended: true, line.Time).ShouldBe(line);
    }

    private static ConsoleLine[] Pod(params string[] lines) => [.. lines.Select(static l => new ConsoleLine(Start, l, true))];

    private static ConsoleLine Tick(int number, int milliseconds) => new(Start.AddMilliseconds(milliseconds), $"T {number} 0 0", true);
}
