using Godwit.VirtHandler.Host;
using Xunit;

namespace Godwit.Integration.VirtHandler;

/// <summary>Host programs for tests, and what must hold before a test can use them.</summary>
internal static class Tool
{
    public static HostTools Host { get; } = new(TimeProvider.System);

    /// <summary>Skips the test, with a word, where namespaces cannot be made.</summary>
    public static void RequireRoot() => Assert.SkipUnless(Environment.UserName == "root", "needs root, to make network namespaces");

    public static async Task<string> RunAsync(string line, string? input = null)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return await Host.RequireAsync(words[0], words[1..], input, TestContext.Current.CancellationToken);
    }

    /// <summary>The folder of the repository that these tests were built from.</summary>
    public static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Godwit.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not within the repository");
        }

        return folder;
    }

    /// <summary>Builds the demo guest once and returns its folder.</summary>
    public static async Task<string> GuestAsync()
    {
        var folder = Path.Combine(Repository(), "artifacts", "guest");
        await Host.RequireAsync(Path.Combine(Repository(), "guest", "build.sh"), [folder], null, TestContext.Current.CancellationToken);
        return folder;
    }
}
