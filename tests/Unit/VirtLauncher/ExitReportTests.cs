using Godwit.Qemu;
using Godwit.VirtLauncher;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtLauncher;

public sealed class ExitReportTests
{
    [Theory]
    [InlineData(0, null, "guest-shutdown", false, false, LauncherReasons.Shutdown, 0)]
    [InlineData(0, null, null, false, false, LauncherReasons.Shutdown, 0)]
    [InlineData(0, null, "host-qmp-quit", false, false, LauncherReasons.Killed, 0)]
    [InlineData(0, null, "host-qmp-quit", true, false, LauncherReasons.Migrated, 0)]
    [InlineData(null, 9, null, true, false, LauncherReasons.Migrated, 0)]
    [InlineData(0, null, "host-signal", false, true, LauncherReasons.Killed, 1)]
    [InlineData(null, 9, null, false, true, LauncherReasons.Killed, 1)]
    [InlineData(null, 11, null, false, false, LauncherReasons.Crashed, 1)]
    [InlineData(1, null, null, false, false, LauncherReasons.Crashed, 1)]
    [InlineData(0, null, "guest-panic", false, false, LauncherReasons.Crashed, 1)]
    public void An_end_is_told_for_what_it_is(
        int? code, int? signal, string? cause, bool handedOver, bool killed, string reason, int exitCode)
    {
        var report = ExitReport.Decide(new ExitFacts(new ChildExit(code, signal), cause, handedOver, killed, ""));
        (report.Reason, report.ExitCode).ShouldBe((reason, exitCode));
    }

    [Fact]
    public void QEMUs_last_line_is_in_the_message() =>
        ExitReport.Decide(new ExitFacts(new ChildExit(1, null), null, false, false, "first\nqemu: no such file\n")).Message
            .ShouldBe("QEMU ended with code 1: qemu: no such file");

    [Theory]
    [InlineData(0x0100, 1, null)]
    [InlineData(0x0000, 0, null)]
    [InlineData(0x0009, null, 9)]
    [InlineData(0x008b, null, 11)]
    public void A_wait_status_is_a_code_or_a_signal(int status, int? code, int? signal) =>
        ChildExit.FromWaitStatus(status).ShouldBe(new ChildExit(code, signal));

    [Fact]
    public void Arguments_are_read_and_mistakes_are_named()
    {
        LauncherOptions.Parse(["--name", "a", "--namespace", "b", "--uid", "c", "--grace", "7"]).Options!.Grace.ShouldBe(TimeSpan.FromSeconds(7));
        LauncherOptions.Parse(["--nome", "a"]).Problem!.ShouldContain("--nome");
        LauncherOptions.Parse(["--name"]).Problem!.ShouldContain("--name");
        LauncherOptions.Parse(["--name", "a", "--namespace", "b"]).Problem!.ShouldContain("--uid");
        LauncherOptions.Parse(["--name", "a", "--namespace", "b", "--uid", "c", "--grace", "soon"]).Problem!.ShouldContain("soon");
    }
}
