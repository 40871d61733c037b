using System.ComponentModel;
using System.Diagnostics;

namespace Godwit.Cli.Host;

/// <summary>Runs a program of the machine and waits for it.</summary>
public static class HostCommand
{
    /// <summary>Runs it with the user's own terminal; the answer is its exit code.</summary>
    public static async Task<int> RunAsync(
        string file, IEnumerable<string> arguments, CancellationToken ct, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(new ProcessStartInfo(file, arguments), environment);
        await process.WaitForExitAsync(ct);
        return process.ExitCode;
    }

    /// <summary>Runs it and takes what it prints.</summary>
    public static async Task<(int Code, string Output, string Error)> CaptureAsync(
        string file, IEnumerable<string> arguments, CancellationToken ct)
    {
        using var process = Start(
            new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true });
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var error = process.StandardError.ReadToEndAsync(ct);
        try
        {
            await Task.WhenAll(output, error);
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output, await error);
    }

    private static Process Start(ProcessStartInfo info, IReadOnlyDictionary<string, string>? environment = null)
    {
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            throw new CliException($"{info.FileName} cannot be started: {e.Message}", "Run `godwit up --yes` to have missing tools installed.");
        }
    }
}
