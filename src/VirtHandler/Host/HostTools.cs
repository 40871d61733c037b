using System.ComponentModel;
using System.Diagnostics;

namespace Godwit.VirtHandler.Host;

/// <summary>Runs host programs as child processes, with a deadline each.</summary>
public sealed class HostTools(TimeProvider time) : IHostTools
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public async Task<HostToolResult> RunAsync(string program, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = StartInfo(program, arguments) };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new HostToolException($"{program} cannot be started: {e.Message} (is its Debian package installed on this node?)", e);
        }

        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(either.Token);
            var error = process.StandardError.ReadToEndAsync(either.Token);
            await WriteInputAsync(process, input, either.Token);
            await process.WaitForExitAsync(either.Token);
            return new HostToolResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            if (cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            throw new HostToolException($"{program} {string.Join(' ', arguments)}: no answer within {Deadline.TotalSeconds} s");
        }
    }

    private static ProcessStartInfo StartInfo(string program, IReadOnlyList<string> arguments)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        // nft, dnsmasq and their like live in sbin, which a service's PATH may lack.
        info.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        info.Environment["LC_ALL"] = "C";
        return info;
    }

    private static async Task WriteInputAsync(Process process, string? input, CancellationToken cancellationToken)
    {
        try
        {
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended before it read everything; its exit code and words tell more.
        }
    }
}
