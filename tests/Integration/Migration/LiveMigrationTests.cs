using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Godwit.Integration.Qemu;
using Godwit.Qemu;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.Migration;

public sealed class LiveMigrationTests
{
    private const string Busy = "mg.tick=10 mg.mem=64 mg.rate=10";

    [Fact]
    public async Task A_working_guest_with_a_disk_moves_over_TLS_and_loses_no_tick()
    {
        await using var pair = await Pair.BootAsync($"{Busy} mg.disk=/dev/vda mg.diskmb=8", diskMiB: 32);
        pair.Go();

        var state = (await pair.EndAsync()).Status!.MigrationState!;
        state.Failed.ShouldNotBe(true, $"{state.FailureReason}; {pair.Target.Errors}");
        await pair.Target.LineAsync(l => l.StartsWith("S ", StringComparison.Ordinal));

        state.Tls.ShouldBe(true);
        state.MultifdChannels.ShouldBe(2);
        state.PauseMs!.Value.ShouldBeInRange(0.1, 5000);
        state.Mode.ShouldBe(MigrationModes.PreCopy);
        state.Transfer!.TotalBytes!.Value.ShouldBeGreaterThan(192L << 20);
        pair.Record.Now.Status!.OwnerPodUID.ShouldBe(Pair.TargetPod);
        pair.Record.Now.Status!.NodeName.ShouldBe("node02");
        pair.Record.Now.Metadata.Label(Labels.NodeName).ShouldBe("node02");
        (await pair.Source.ExitAsync()).ShouldBe(0, pair.Source.Errors);
        pair.Source.Status!.Reason.ShouldBe(LauncherReasons.Migrated);
        await ShouldGoOnAsync(pair);
        await pair.Record.UntilAsync(v => v.Status!.MigrationState!.QemuDowntimeMs is not null, TimeSpan.FromSeconds(5));
        var last = pair.Record.Now.Status!.MigrationState!;
        (last.Transfer!.Percent, last.Transfer.RemainingBytes).ShouldBe((100, 0), "the source's last figures follow the commit");
        TestContext.Current.TestOutputHelper?.WriteLine($"pause {state.PauseMs} ms, QEMU's downtime {last.QemuDowntimeMs} ms");
    }

    [Fact]
    public async Task A_guest_moves_without_TLS()
    {
        await using var pair = await Pair.BootAsync(Busy, configuration: new MigrationConfiguration { DisableTLS = true });
        pair.Go();

        var state = (await pair.EndAsync()).Status!.MigrationState!;

        state.Failed.ShouldNotBe(true, $"{state.FailureReason}; {pair.Target.Errors}");
        state.Tls.ShouldBe(false);
        await pair.Source.ExitAsync();
        await ShouldGoOnAsync(pair);
    }

    [Fact]
    public async Task An_abort_while_pages_flow_leaves_the_guest_at_the_source()
    {
        await using var pair = await Pair.BootAsync(Busy, configuration: new MigrationConfiguration { BandwidthPerMigration = "8Mi" });
        pair.Go();
        await pair.Record.UntilAsync(v => v.Status!.MigrationState!.Transfer?.Pass >= 1, TimeSpan.FromSeconds(30));

        await pair.AbortAsync();

        var state = (await pair.EndAsync()).Status!.MigrationState!;
        state.Failed.ShouldBe(true);
        state.AbortStatus.ShouldBe(MigrationModes.AbortSucceeded);
        await ShouldStayAtSourceAsync(pair);
    }

    [Fact]
    public async Task A_hand_over_that_the_server_will_not_take_lets_the_guest_go_on_at_the_source_and_says_why()
    {
        await using var pair = await Pair.BootAsync(Busy);
        var attempts = 0;
        pair.Record.Refuse = patch =>
        {
            var commit = patch.Any(static o => o!["op"]!.GetValue<string>() == "replace" && o["path"]!.GetValue<string>() == "/status/ownerPodUID");
            attempts += commit ? 1 : 0;
            return commit ? "status.nodeName: may not be moved today" : null;
        };
        pair.Go();

        var state = (await pair.EndAsync()).Status!.MigrationState!;

        state.Failed.ShouldBe(true);
        state.FailureReason.ShouldNotBeNull().ShouldContain("status.nodeName: may not be moved today");
        attempts.ShouldBe(7);
        await ShouldStayAtSourceAsync(pair);
    }

    [Fact]
    public async Task A_hand_over_that_is_refused_once_is_asked_for_again()
    {
        await using var pair = await Pair.BootAsync(Busy);
        var attempts = 0;
        pair.Record.Refuse = patch => patch.Any(static o => o!["path"]!.GetValue<string>() == "/status/nodeName") && ++attempts == 1 ? "too busy" : null;
        pair.Go();

        (await pair.EndAsync()).Status!.MigrationState!.Failed.ShouldNotBe(true);

        attempts.ShouldBe(2);
        await pair.Source.ExitAsync();
        await ShouldGoOnAsync(pair);
    }

    [Fact]
    public async Task A_guest_does_not_stand_still_for_a_line_about_progress_that_the_server_does_not_answer()
    {
        await using var pair = await Pair.BootAsync(Busy);
        var kept = 0;
        pair.Record.Keep = patch => patch.Any(static o => o!["path"]!.GetValue<string>() == "/status/migrationState/transfer") && ++kept == 1;
        pair.Go();

        var state = (await pair.EndAsync()).Status!.MigrationState!;

        state.Failed.ShouldNotBe(true, $"{state.FailureReason}; {pair.Target.Errors}");
        kept.ShouldBeGreaterThan(0);
        state.PauseMs!.Value.ShouldBeLessThan(3000, "a record's patience is five seconds");
        await pair.Source.ExitAsync();
        await ShouldGoOnAsync(pair);
    }

    [Fact]
    public async Task A_link_that_dies_in_the_handshake_holds_the_guest_up_for_seconds_only()
    {
        await using var pair = await Pair.BootAsync(Busy);
        // It takes connections and never says a word.
        using var dead = new TcpListener(IPAddress.Loopback, 0);
        dead.Start();
        pair.Record.Alter = patch =>
        {
            if (patch.FirstOrDefault(static o => o!["path"]!.GetValue<string>() == "/status/migrationState/targetDirectMigrationNodePorts") is { } ports)
            {
                ports["value"] = new JsonObject { [$"{((IPEndPoint)dead.LocalEndpoint).Port}"] = MigrationModes.PortRoleMemory };
            }
        };
        pair.Go();

        var state = (await pair.EndAsync()).Status!.MigrationState!;

        state.Failed.ShouldBe(true);
        await ShouldStayAtSourceAsync(pair);
    }

    [Fact]
    public async Task A_target_that_dies_while_pages_flow_costs_nothing()
    {
        await using var pair = await Pair.BootAsync(Busy, configuration: new MigrationConfiguration { BandwidthPerMigration = "8Mi" });
        pair.Go();
        await pair.Record.UntilAsync(v => v.Status!.MigrationState!.Transfer?.Pass >= 1, TimeSpan.FromSeconds(30));

        pair.Target.KillQemu();

        var state = (await pair.EndAsync()).Status!.MigrationState!;
        state.Failed.ShouldBe(true);
        await ShouldStayAtSourceAsync(pair);
    }

    [Fact]
    public async Task A_target_with_other_hardware_is_refused_before_a_byte_moves()
    {
        await using var pair = await Pair.BootAsync(Busy);
        pair.Distort = hardware => hardware with { CpuModel = "Nehalem" };
        pair.Go();

        var state = (await pair.EndAsync()).Status!.MigrationState!;

        state.Failed.ShouldBe(true);
        state.FailureReason!.ShouldContain("CPU model");
        await ShouldStayAtSourceAsync(pair);
    }

    [Fact]
    public async Task Both_agents_may_be_replaced_while_pages_flow()
    {
        await using var pair = await Pair.BootAsync(Busy, configuration: new MigrationConfiguration { BandwidthPerMigration = "32Mi" });
        pair.Go();
        await pair.Record.UntilAsync(v => v.Status!.MigrationState!.Transfer?.Pass >= 1, TimeSpan.FromSeconds(30));

        await pair.RestartSourceAgentAsync();
        await pair.RestartTargetAgentAsync();

        var state = (await pair.EndAsync()).Status!.MigrationState!;
        state.Failed.ShouldNotBe(true, $"{state.FailureReason}; {pair.Target.Errors}");
        await pair.Source.ExitAsync();
        await ShouldGoOnAsync(pair);
    }

    private static async Task ShouldStayAtSourceAsync(Pair pair)
    {
        pair.Record.Now.Status!.OwnerPodUID.ShouldBe(Pair.SourcePod);
        await pair.Target.ExitAsync();
        var seen = pair.Source.Lines.Count;
        await pair.Source.LineAsync(l => l.StartsWith("T ", StringComparison.Ordinal), seen);
        ShouldBeSound(pair.Source);
        pair.Target.Ticks.ShouldBeEmpty();
    }

    private static async Task ShouldGoOnAsync(Pair pair)
    {
        await pair.Target.LineAsync(l => l.StartsWith("T ", StringComparison.Ordinal));
        ShouldBeSound(pair.Source);
        ShouldBeSound(pair.Target);
        // Each tick has a number: none twice, none missing.
        var all = pair.Ticks;
        all.ShouldBe(Enumerable.Range(0, all.Count).Select(i => all[0] + i), ignoreOrder: false);
    }

    private static void ShouldBeSound(GuestHost host) =>
        host.Lines.ShouldNotContain(l => l.Contains("CORRUPT", StringComparison.Ordinal) || l.Contains("panic", StringComparison.Ordinal) || l.Contains("BUG:", StringComparison.Ordinal));
}
