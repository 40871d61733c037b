using Godwit.Qemu;

namespace Godwit.VirtLauncher;

/// <summary>What is known when QEMU has ended.</summary>
/// <param name="Exit">How it ended.</param>
/// <param name="ShutdownCause">The reason of QEMU's last SHUTDOWN event, if it sent one.</param>
/// <param name="HandedOver">The agent said that the guest lives elsewhere.</param>
/// <param name="KilledByUs">The grace period ran out and we ended it.</param>
/// <param name="LastWords">The end of QEMU's messages.</param>
internal sealed record ExitFacts(ChildExit Exit, string? ShutdownCause, bool HandedOver, bool KilledByUs, string LastWords);

/// <summary>Decides what a QEMU's end means: the reason that is told and the launcher's exit code.</summary>
internal static class ExitReport
{
    public static (string Reason, int ExitCode, string Message) Decide(ExitFacts facts) => facts switch
    {
        { HandedOver: true } => (LauncherReasons.Migrated, ExitCodes.Done, "the guest was handed over"),
        { KilledByUs: true } => (LauncherReasons.Killed, ExitCodes.Failed, "the guest did not shut down within its grace period"),
        { ShutdownCause: "guest-panic" } => (LauncherReasons.Crashed, ExitCodes.Failed, "the guest panicked"),
        { Exit.Signal: { } signal } => (LauncherReasons.Crashed, ExitCodes.Failed, WithWords($"QEMU was ended by signal {signal}", facts)),
        { Exit.Code: not 0 } => (LauncherReasons.Crashed, ExitCodes.Failed, WithWords($"QEMU ended with code {facts.Exit.Code}", facts)),
        { ShutdownCause: "host-qmp-quit" or "host-signal" } => (LauncherReasons.Killed, ExitCodes.Done, "QEMU was told to end"),
        _ => (LauncherReasons.Shutdown, ExitCodes.Done, "the guest shut down"),
    };

    private static string WithWords(string message, ExitFacts facts)
    {
        var last = facts.LastWords.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
        return last is null ? message : $"{message}: {last}";
    }
}
