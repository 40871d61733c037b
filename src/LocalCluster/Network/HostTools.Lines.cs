using System.Diagnostics;

namespace Godwit.LocalCluster.Network;

// For tools that go on as a daemon and say on standard output how their start went.
public sealed partial class HostTools
{
    /// <summary>
    /// Starts a tool and returns the first line that it prints; the tool may stay behind as a daemon of its own.
    /// Empty when it ended without a word.
    /// </summary>
    public async Task<string> FirstLineAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        using var timeout = new CancellationTokenSource(deadline ?? DefaultDeadline, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        using var process = Start(start);
        process.StandardInput.Close();
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(linked.Token);
            await process.WaitForExitAsync(linked.Token);
            return line ?? "";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new HostToolException($"{Describe(tool, arguments)}: gave no answer within {(deadline ?? DefaultDeadline).TotalSeconds:0} s", -1, "");
        }
    }
}
