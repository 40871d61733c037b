namespace Godwit.VirtHandler.Host;

/// <summary>Short forms over <see cref="IHostTools"/>.</summary>
public static class HostToolsExtensions
{
    /// <summary>Runs a program that must succeed and returns its standard output.</summary>
    public static async Task<string> RequireAsync(this IHostTools tools, string program, IReadOnlyList<string> arguments, string? input, CancellationToken cancellationToken)
    {
        var result = await tools.RunAsync(program, arguments, input, cancellationToken);
        if (!result.Succeeded)
        {
            var words = result.Error.Trim();
            throw new HostToolException($"{program} {string.Join(' ', arguments)}: {(words.Length > 0 ? words : $"exit code {result.ExitCode}")}");
        }

        return result.Output;
    }

    /// <summary>The arguments that make nsenter run a program in the network namespace of <paramref name="pid"/>.</summary>
    public static IReadOnlyList<string> InNetworkOf(int pid, params IReadOnlyList<string> command) =>
        ["-t", pid.ToString(), "-n", "--", .. command];
}
