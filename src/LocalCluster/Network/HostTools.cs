using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>
/// The one place where tools of the host are run: argument lists, never a shell line; a deadline for each; standard error in the exception.
/// Namespaces are entered by the tools (<c>ip netns exec</c>, <c>nsenter</c>), never by a thread of this process.
/// </summary>
public sealed partial class HostTools(TimeProvider time)
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    /// <summary>After a tool has ended, a daemon that it left behind may still hold its pipes; they are read no longer than this.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs a tool and returns what it said, whatever its exit code.</summary>
    public async Task<ToolResult> TryRunAsync(
        string tool,
        IReadOnlyList<string> arguments,
        CancellationToken cancellation,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null,
        TimeSpan? deadline = null)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        using var timeout = new CancellationTokenSource(deadline ?? DefaultDeadline, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        using var process = Start(start);
        using var drain = new CancellationTokenSource();
        var output = ReadAsync(process.StandardOutput, drain.Token);
        var error = ReadAsync(process.StandardError, drain.Token);
        try
        {
            try
            {
                if (input is not null)
                {
                    await process.StandardInput.WriteAsync(input.AsMemory(), linked.Token);
                }
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // The tool ended without reading its input; its exit code says why.
            }
            await process.WaitForExitAsync(linked.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await drain.CancelAsync();
            await Task.WhenAll(output, error);
            cancellation.ThrowIfCancellationRequested();
            throw new HostToolException($"{Describe(tool, arguments)}: gave no answer within {(deadline ?? DefaultDeadline).TotalSeconds:0} s", -1, await error);
        }
        drain.CancelAfter(DrainTime);
        return new ToolResult(process.ExitCode, await output, await error);
    }

    /// <summary>Runs a tool that must succeed and returns its standard output.</summary>
    public async Task<string> RunAsync(
        string tool,
        IReadOnlyList<string> arguments,
        CancellationToken cancellation,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null,
        TimeSpan? deadline = null)
    {
        var result = await TryRunAsync(tool, arguments, cancellation, input, environment, deadline);
        if (!result.Succeeded)
        {
            var said = result.Error.Trim().Length > 0 ? result.Error.Trim() : result.Output.Trim();
            throw new HostToolException($"{Describe(tool, arguments)}: exit code {result.ExitCode}: {said}", result.ExitCode, result.Error);
        }
        return result.Output;
    }

    /// <summary>Runs <c>ip -json …</c> and parses its answer (an empty answer is an empty list).</summary>
    public async Task<JsonArray> IpJsonAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var text = await RunAsync("ip", ["-json", .. arguments], cancellation);
        return text.Trim().Length == 0 ? [] : JsonNode.Parse(text)!.AsArray();
    }

    /// <summary>Runs several <c>ip</c> commands in one process, in the order given; the first failure ends the batch.</summary>
    public Task IpBatchAsync(IEnumerable<string> commands, CancellationToken cancellation) =>
        RunAsync("ip", ["-batch", "-"], cancellation, string.Join('\n', commands) + "\n");

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new HostToolException($"{start.FileName} cannot be run: {e.Message}. Is its Debian package installed?", -1, "");
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellation)
    {
        var text = new System.Text.StringBuilder();
        var buffer = new char[4096];
        try
        {
            int n;
            while ((n = await reader.ReadAsync(buffer, cancellation)) > 0)
            {
                text.Append(buffer, 0, n);
            }
        }
        catch (OperationCanceledException)
        {
            // A daemon left behind holds the pipe; what has come so far is the tool's answer.
        }
        return text.ToString();
    }

    private static string Describe(string tool, IReadOnlyList<string> arguments) =>
        arguments.Count <= 12 ? $"{tool} {string.Join(' ', arguments)}" : $"{tool} {string.Join(' ', arguments.Take(12))} …";
}
