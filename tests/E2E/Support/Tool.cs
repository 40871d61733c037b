using System.ComponentModel;
using System.Diagnostics;
using Shouldly;

namespace Godwit.Tests.E2E.Support;

/// <summary>Runs a program and takes what it prints.</summary>
internal static class Tool
{
    public sealed record Outcome(int Code, string Output, string Error)
    {
        /// <summary>The output, after a check that the program was content.</summary>
        public string Ok()
        {
            Code.ShouldBe(0, $"{Output}{Error}");
            return Output;
        }
    }

    public static async Task<Outcome> RunAsync(
        string file, IEnumerable<string> arguments, TimeSpan limit, IReadOnlyDictionary<string, string>? environment = null, string? input = null)
    {
        var info = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        using var process = Process.Start(info)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', info.ArgumentList)} did not end within {limit.TotalSeconds:0} s", e);
        }
    }

    /// <summary>Whether the machine has the program.</summary>
    public static bool Exists(string file)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"command -v {file}"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
