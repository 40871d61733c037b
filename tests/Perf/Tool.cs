using System.Diagnostics;

namespace Godwit.Perf;

/// <summary>Programs run to their end.</summary>
internal static class Tool
{
    /// <summary>Its standard output; throws with what it said when it fails.</summary>
    public static async Task<string> RunAsync(string binary, IEnumerable<string> arguments, CancellationToken ct) =>
        (await RunBothAsync(binary, arguments, ct)).Output;

    /// <summary>Its standard output and what it told people; throws when it fails.</summary>
    public static async Task<(string Output, string Notes)> RunBothAsync(string binary, IEnumerable<string> arguments, CancellationToken ct)
    {
        var info = new ProcessStartInfo(binary, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var error = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return process.ExitCode == 0
            ? (await output, await error)
            : throw new InvalidOperationException($"{binary} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error}{await output}");
    }
}
