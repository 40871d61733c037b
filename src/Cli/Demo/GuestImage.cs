using Godwit.Cli.Host;

namespace Godwit.Cli.Demo;

/// <summary>The demo guest's image: built from Debian packages at first use, kept, taken into the cluster.</summary>
public static class GuestImage
{
    public const string Reference = "godwit/demo-guest:1";

    /// <summary>Builds it where it is not cached; the answer is the archive.</summary>
    public static async Task<string> BuildAsync(CancellationToken ct)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "guest", "build.sh");
        var cache = CacheFolder();
        var (code, output, error) = await HostCommand.CaptureAsync("/bin/sh", [script, cache], ct);
        var archive = Path.Combine(cache, "demo-guest.oci.tar");
        return code == 0 && File.Exists(archive)
            ? archive
            : throw new CliException($"The demo guest cannot be built: {(error + output).Trim()}", $"Try by hand: {script} {cache}", ExitCodes.Failed);
    }

    public static async Task ImportAsync(StateFolder state, string archive, CancellationToken ct)
    {
        var (code, output, error) = await HostCommand.CaptureAsync(
            Path.Combine(AppContext.BaseDirectory, "godwitd"), ["image", "import", archive, "--state", state.Root], ct);
        if (code != 0)
        {
            throw new CliException($"The image {Reference} cannot be imported: {(error + output).Trim()}", exitCode: ExitCodes.Failed);
        }
    }

    /// <summary>GODWIT_CACHE, else beside the binaries where that can be written, else /var/cache/godwit.</summary>
    private static string CacheFolder()
    {
        if (Environment.GetEnvironmentVariable("GODWIT_CACHE") is { Length: > 0 } given)
        {
            return Path.Combine(given, "demo-guest");
        }

        var beside = Path.Combine(AppContext.BaseDirectory, "cache", "demo-guest");
        try
        {
            Directory.CreateDirectory(beside);
            return beside;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "/var/cache/godwit/demo-guest";
        }
    }
}
