using System.Diagnostics;

namespace Godwit.Replay;

/// <summary>Runs a case's commands by bash, in a folder and a home of its own.</summary>
internal sealed class Shell(string folder, IReadOnlyDictionary<string, string> environment)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    public async Task<Outcome> RunAsync(string command)
    {
        using var process = Start(command);
        return await EndAsync(process);
    }

    public Process Start(string command)
    {
        var start = new ProcessStartInfo("setsid", ["bash", "-c", command])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new ReplayException("bash cannot be started");
        process.StandardInput.Close();
        return process;
    }

    public static async Task<Outcome> EndAsync(Process process, bool interrupted = false)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            await InterruptAsync(process, "KILL");
            return new Outcome(-1, true, await output, $"not ended after {Deadline.TotalSeconds} s\n{await error}");
        }

        return new Outcome(process.ExitCode, interrupted, await output, await error);
    }

    /// <summary>Sends the signal to the command and all that it started.</summary>
    public static async Task InterruptAsync(Process process, string signal)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", "--", $"-{process.Id}"]) { RedirectStandardError = true, UseShellExecute = false })!;
        await kill.WaitForExitAsync();
    }
}
