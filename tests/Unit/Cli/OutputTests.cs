using Godwit.Cli;
using Godwit.Cli.Demo;
using Godwit.Cli.Output;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.Cli;

public sealed class OutputTests
{
    [Theory]
    [InlineData("vmi-demo", "vmi-dmeo", "Did you mean vmi-demo?")]
    [InlineData("vmi-demo", "something", "Known: vmi-demo")]
    public void A_name_that_is_not_known_gets_the_nearest_or_the_list(string known, string word, string expected) =>
        Suggestions.For(word, [known], "VMI").ShouldBe(expected);

    [Fact]
    public void Where_there_is_nothing_the_suggestion_says_so() => Suggestions.For("a", [], "VMI").ShouldBe("There is no VMI at all.");

    [Theory]
    [InlineData(512, "512 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(124 * 1048576.0, "124 MiB")]
    public void Bytes_have_a_binary_unit(double bytes, string expected) => Figures.Bytes(bytes).ShouldBe(expected);

    [Theory]
    [InlineData(34.4, "34 ms")]
    [InlineData(1234, "1.23 s")]
    [InlineData(12345, "12.3 s")]
    public void Durations_are_short(double ms, string expected) => Figures.Duration(ms).ShouldBe(expected);

    [Fact]
    public void A_table_has_aligned_columns_and_a_dash_for_nothing()
    {
        var table = new Columns("NAME", "NODE");
        table.Add("vmi-demo", null);
        table.ToString().ShouldBe("NAME       NODE\nvmi-demo   -\n");
    }

    [Fact]
    public void The_demo_is_well_only_when_every_figure_is()
    {
        var console = GuestConsole.Read([]);
        var good = Report();
        DemoVerdict.Problems(good, 2, console).ShouldBeEmpty();
        DemoVerdict.Problems(good with { Guest = good.Guest with { LostTicks = 1 } }, 2, console).ShouldHaveSingleItem();
        DemoVerdict.Problems(good with { Guest = good.Guest with { EchoErrors = 1 } }, 2, console).ShouldHaveSingleItem();
        DemoVerdict.Problems(good with { Guest = good.Guest with { Echoes = 100 } }, 2, console).ShouldHaveSingleItem();
        DemoVerdict.Problems(good with { Guest = good.Guest with { KeptConnections = 0 } }, 2, console).ShouldHaveSingleItem();
        DemoVerdict.Problems(good with { Guest = good.Guest with { KeptConnectionErrors = 1 } }, 2, console).ShouldHaveSingleItem();
        DemoVerdict.Problems(good with { Migrations = [good.Migrations[0]] }, 2, console).ShouldHaveSingleItem();
    }

    [Fact]
    public void The_demo_prints_the_fields_that_it_promises()
    {
        var json = System.Text.Json.JsonSerializer.SerializeToNode(Report(), CliJson.Default.DemoReport)!.AsObject();
        json.Select(static p => p.Key).ShouldBe(["migrations", "guest", "setupMs", "qemu", "accelerator"]);
        json["migrations"]![0]!.AsObject().Select(static p => p.Key).ShouldBe(
            ["vmi", "from", "to", "method", "mode", "succeeded", "totalMs", "pauseMs", "guestPauseMs", "bytes", "rateMiBps"]);
        json["guest"]!.AsObject().Select(static p => p.Key).ShouldBe(["ticks", "lostTicks", "memoryErrors", "diskErrors", "echoes", "echoErrors", "longestEchoMs", "keptConnections", "keptConnectionErrors"]);
    }

    [Fact]
    public void Every_command_has_a_description()
    {
        foreach (var command in GodwitCommand.Build().Subcommands)
        {
            command.Description.ShouldNotBeNullOrEmpty();
            command.Options.ShouldAllBe(static o => !string.IsNullOrEmpty(o.Description));
        }
    }

    private static DemoReport Report()
    {
        var move = new DemoMigration
        {
            Vmi = "vmi-demo",
            From = "node01",
            To = "node02",
            Method = "BlockMigration",
            Mode = "PreCopy",
            Succeeded = true,
            TotalMs = 1,
            PauseMs = 1,
            GuestPauseMs = 1,
            Bytes = 1,
            RateMiBps = 1,
        };
        return new()
        {
            Migrations = [move, move],
            Guest = new() { Ticks = 1000, LostTicks = 0, MemoryErrors = 0, DiskErrors = 0, Echoes = 101, EchoErrors = 0, LongestEchoMs = 81.5, KeptConnections = 1, KeptConnectionErrors = 0 },
            SetupMs = 1,
            Qemu = "10.0.2",
            Accelerator = "tcg",
        };
    }
}
