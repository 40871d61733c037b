using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Godwit.Qemu;

/// <summary>
/// Runs a short-lived tool to its end, or kills it at its deadline. It runs under <c>timeout</c>, which ends it even if we are
/// killed ourselves: a probe of a broken accelerator would spin for ever.
/// </summary>
internal static class HostProcess
{
    private const string Keeper = "timeout";
    private const int CannotRun = 126;
    private const int NotFound = 127;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How to start <paramref name="binary"/> so that it never outlives <paramref name="deadline"/> by much.</summary>
    public static ProcessStartInfo Bounded(string binary, IReadOnlyList<string> arguments, TimeSpan deadline) => new(
        Keeper,
        ["--foreground", "--signal=KILL", (deadline + Grace).TotalSeconds.ToString("0", CultureInfo.InvariantCulture), binary, .. arguments]);

    public static FileNotFoundException Missing(string binary, string why, Exception? inner = null) =>
        new($"cannot run {binary}: {why}. Install Debian package qemu-system-x86 (10.0 or newer)", binary, inner);

    public static async Task<Result> RunAsync(
        string binary, IReadOnlyList<string> arguments, TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var process = new Process();
        process.StartInfo = Bounded(binary, arguments, deadline);
        process.StartInfo.RedirectStandardOutput = true;
        process.StartInfo.RedirectStandardError = true;
        process.StartInfo.RedirectStandardInput = true;
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw Missing(binary, e.Message, e);
        }

        process.StandardInput.Close();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(deadline);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var timedOut = false;
        try
        {
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            timedOut = true;
        }

        var said = await error.ConfigureAwait(false);
        return process.ExitCode is CannotRun or NotFound && said.StartsWith(Keeper, StringComparison.Ordinal)
            ? throw Missing(binary, said.Trim())
            : new Result(timedOut ? -1 : process.ExitCode, timedOut, await output.ConfigureAwait(false), said);
    }

    internal sealed record Result(int ExitCode, bool TimedOut, string Output, string Error);
}
