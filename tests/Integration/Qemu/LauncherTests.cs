using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Godwit.Qemu;
using Shouldly;
using Xunit;

namespace Godwit.Integration.Qemu;

public sealed class LauncherTests
{
    private const int Lines = 10_000;

    [Fact]
    public async Task A_guest_boots_prints_to_the_log_and_heeds_the_power_button()
    {
        await using var host = GuestHost.Start();
        (await TestGuest.DomainAsync(TestGuest.Hardware(128), host.Folder, "mg.tick=50")).Write(host.Folder);
        await host.BootAsync();
        await host.LineAsync(l => l.StartsWith("MG READY", StringComparison.Ordinal));
        await host.LineAsync(l => l.StartsWith("T ", StringComparison.Ordinal));
        host.Status!.QemuPid.ShouldNotBeNull();

        await File.WriteAllTextAsync(Path.Combine(host.Folder, DomainFolder.ShutdownRequested), "", TestContext.Current.CancellationToken);

        (await host.ExitAsync()).ShouldBe(0, host.Errors);
        host.Status!.Reason.ShouldBe(LauncherReasons.Shutdown);
    }

    [Fact]
    public async Task A_guest_that_floods_its_console_and_a_client_that_never_reads_hold_up_nothing()
    {
        await using var host = GuestHost.Start();
        (await TestGuest.DomainAsync(TestGuest.Hardware(128), host.Folder, "mg.tick=0 mg.flood=0")).Write(host.Folder);
        await host.BootAsync();
        await host.LineAsync(static l => l.StartsWith("MG READY", StringComparison.Ordinal));
        using var client = await UnixPath.ConnectAsync(host.Folder, DomainFolder.SerialSocket, TestContext.Current.CancellationToken);

        await client.SendAsync(Encoding.ASCII.GetBytes("flood 1\n"));
        await host.LineAsync(l => l.StartsWith($"F {Lines} ", StringComparison.Ordinal));

        // More than the client's socket and backlog hold: the rest is thrown away for it, not for the log.
        host.Lines.Where(static l => l.StartsWith("F ", StringComparison.Ordinal)).Take(Lines).Select(static l => l.Split(' ')[1])
            .ShouldBe(Enumerable.Range(1, Lines).Select(static n => n.ToString(CultureInfo.InvariantCulture)), host.Errors);
        await using (var qmp = await host.ConnectAsync())
        {
            (await qmp.QueryStatusAsync(TestContext.Current.CancellationToken)).Running.ShouldBeTrue();
        }

        await File.WriteAllTextAsync(Path.Combine(host.Folder, DomainFolder.ShutdownRequested), "", TestContext.Current.CancellationToken);
        (await host.ExitAsync()).ShouldBe(0, host.Errors);
        host.Status!.Reason.ShouldBe(LauncherReasons.Shutdown);
    }

    [Fact]
    public async Task A_guest_that_does_not_heed_the_power_button_is_ended_after_its_grace_period()
    {
        await using var host = GuestHost.Start(grace: 1);
        (await TestGuest.DomainAsync(TestGuest.Hardware(64) with { }, host.Folder, "mg.tick=0")).Write(host.Folder);
        await host.BootAsync();
        await using (var qmp = await host.ConnectAsync())
        {
            await qmp.StopAsync(TestContext.Current.CancellationToken);
        }

        await TestGuest.RunAsync("kill", "-TERM", host.LauncherPid.ToString(CultureInfo.InvariantCulture));

        (await host.ExitAsync()).ShouldBe(1);
        host.Status!.Reason.ShouldBe(LauncherReasons.Killed);
    }

    [Fact]
    public async Task A_QEMU_that_is_killed_is_told_as_a_crash_with_its_signal()
    {
        await using var host = GuestHost.Start();
        (await TestGuest.DomainAsync(TestGuest.Hardware(64), host.Folder, "mg.tick=0")).Write(host.Folder);
        await host.BootAsync();

        host.KillQemu();

        (await host.ExitAsync()).ShouldBe(1);
        host.Status!.Reason.ShouldBe(LauncherReasons.Crashed);
        host.Status!.Signal.ShouldBe(9);
    }

    [Fact]
    public async Task A_handed_over_guest_is_no_crash()
    {
        await using var host = GuestHost.Start();
        (await TestGuest.DomainAsync(TestGuest.Hardware(64), host.Folder, "mg.tick=0")).Write(host.Folder);
        await using var qmp = await host.ConnectAsync();
        await File.WriteAllTextAsync(Path.Combine(host.Folder, DomainFolder.Migrated), "", TestContext.Current.CancellationToken);

        await qmp.QuitAsync(TestContext.Current.CancellationToken);

        (await host.ExitAsync()).ShouldBe(0);
        host.Status!.Reason.ShouldBe(LauncherReasons.Migrated);
    }

    [Fact]
    public async Task A_launcher_that_is_to_stay_outlives_its_QEMU_and_every_request_to_end_until_it_need_not_stay()
    {
        await using var host = GuestHost.Start();
        (await TestGuest.DomainAsync(TestGuest.Hardware(64), host.Folder, "mg.tick=0")).Write(host.Folder);
        await using var qmp = await host.ConnectAsync();
        var stay = Path.Combine(host.Folder, DomainFolder.Stay);
        foreach (var file in (string[])[DomainFolder.Stay, DomainFolder.Migrated])
        {
            await File.WriteAllTextAsync(Path.Combine(host.Folder, file), "", TestContext.Current.CancellationToken);
        }

        await qmp.QuitAsync(TestContext.Current.CancellationToken);
        await host.ErrorAsync("this pod stays");
        host.Status!.Reason.ShouldBe(LauncherReasons.Migrated);
        await TestGuest.RunAsync("kill", "-TERM", host.LauncherPid.ToString(CultureInfo.InvariantCulture));
        await File.WriteAllTextAsync(Path.Combine(host.Folder, DomainFolder.ShutdownRequested), "", TestContext.Current.CancellationToken);
        await TestGuest.RunAsync("kill", "-TERM", host.LauncherPid.ToString(CultureInfo.InvariantCulture));
        (await host.EndsWithinAsync(TimeSpan.FromSeconds(2))).ShouldBeFalse(host.Errors);

        File.Delete(stay);

        (await host.ExitAsync()).ShouldBe(0, host.Errors);
    }

    [Fact]
    public async Task A_request_to_end_that_comes_while_QEMU_runs_ends_it_though_the_launcher_is_to_stay()
    {
        await using var host = GuestHost.Start(grace: 1);
        (await TestGuest.DomainAsync(TestGuest.Hardware(64), host.Folder, "mg.tick=0")).Write(host.Folder);
        await using var qmp = await host.ConnectAsync();
        var stay = Path.Combine(host.Folder, DomainFolder.Stay);
        await File.WriteAllTextAsync(stay, "", TestContext.Current.CancellationToken);

        await TestGuest.RunAsync("kill", "-TERM", host.LauncherPid.ToString(CultureInfo.InvariantCulture));

        await qmp.Closed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await host.ErrorAsync("this pod stays");
        File.Delete(stay);
        await host.ExitAsync();
    }

    [Fact]
    public async Task A_QEMU_that_cannot_start_is_told_with_its_own_words()
    {
        await using var host = GuestHost.Start();
        var domain = await TestGuest.DomainAsync(TestGuest.Hardware(64), host.Folder, "");
        (domain with { Arguments = [.. domain.Arguments, "-no-such-option"] }).Write(host.Folder);

        (await host.ExitAsync()).ShouldBe(1);
        host.Status!.Reason.ShouldBe(LauncherReasons.Crashed);
        host.Status!.Message!.ShouldContain("no-such-option");
        (await File.ReadAllTextAsync(Path.Combine(host.Folder, DomainFolder.QemuLog), TestContext.Current.CancellationToken)).ShouldContain("no-such-option");
    }

    [Fact]
    public async Task A_launcher_without_a_guest_ends_at_once_when_it_is_told_to()
    {
        await using var host = GuestHost.Start();
        await File.WriteAllTextAsync(Path.Combine(host.Folder, DomainFolder.ShutdownRequested), "", TestContext.Current.CancellationToken);

        (await host.ExitAsync()).ShouldBe(0);
        host.Status!.Reason.ShouldBe(LauncherReasons.NotStarted);
    }

    [Fact]
    public async Task Two_consoles_see_the_guest_and_one_can_talk_to_it()
    {
        await using var host = GuestHost.Start();
        (await TestGuest.DomainAsync(TestGuest.Hardware(128), host.Folder, "mg.tick=0")).Write(host.Folder);
        await host.BootAsync();
        await host.LineAsync(l => l.StartsWith("MG READY", StringComparison.Ordinal));
        using var first = await UnixPath.ConnectAsync(host.Folder, DomainFolder.SerialSocket, TestContext.Current.CancellationToken);
        using var second = await UnixPath.ConnectAsync(host.Folder, DomainFolder.SerialSocket, TestContext.Current.CancellationToken);

        await second.SendAsync(Encoding.ASCII.GetBytes("get\n"), TestContext.Current.CancellationToken);

        (await ReadUntilAsync(first, "OK")).ShouldContain("OK");
        (await ReadUntilAsync(second, "OK")).ShouldContain("OK");
        await host.LineAsync(l => l.StartsWith("OK", StringComparison.Ordinal));
    }

    private static async Task<string> ReadUntilAsync(Socket socket, string word)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while (!text.ToString().Contains(word, StringComparison.Ordinal))
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, deadline.Token)));
        }

        return text.ToString();
    }
}
