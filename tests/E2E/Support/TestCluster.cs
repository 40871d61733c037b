using System.Runtime.CompilerServices;
using Godwit.Cli.Host;
using Godwit.Machinery;
using Godwit.Types;
using Xunit;

namespace Godwit.Tests.E2E.Support;

/// <summary>A cluster that tests run on, and the built command and the machine's kubectl to use on it.</summary>
public abstract class TestCluster : IAsyncLifetime
{
    /// <summary>Environment variable: a kubeconfig of a cluster that is there, for the tests to run on.</summary>
    protected const string GivenVariable = "GODWIT_TEST_KUBECONFIG";
    protected static readonly TimeSpan UpLimit = TimeSpan.FromMinutes(3);
    private ApiClient? _api;

    protected TestCluster(string state) => State = new(state);

    public static string Root { get; } = FindRoot();

    public static string Binaries { get; } = Path.Combine(Root, "artifacts", "godwit");

    /// <summary>The kubeconfig that was given; null where the tests start clusters themselves.</summary>
    protected static string? Given { get; } = Environment.GetEnvironmentVariable(GivenVariable) is { Length: > 0 } file ? Path.GetFullPath(file) : null;

    /// <summary>Why the tests cannot run here; null when they can.</summary>
    public string? Lacking { get; protected set; }

    /// <summary>The folder of a cluster that the tests started themselves.</summary>
    public StateFolder State { get; }

    /// <summary>By what the cluster is reached.</summary>
    public virtual string Kubeconfig => State.Kubeconfig;

    /// <summary>Where its processes' logs are when it has ended.</summary>
    protected virtual string KeptLogs => Path.Combine(Root, "artifacts", "test", "e2e", "logs", Path.GetFileName(State.Root));

    /// <summary>The nodes that take guests, in order; two at least.</summary>
    public IReadOnlyList<string> Nodes { get; private set; } = [];

    public ApiClient Api => _api ?? throw new InvalidOperationException(Lacking ?? "the cluster is not up");

    /// <summary>Skips the test, loudly, where the cluster cannot be had.</summary>
    public void Require() => Assert.SkipWhen(Lacking is not null, Lacking ?? "");

    /// <summary>The node of the first two that is not this one.</summary>
    public string Other(string node) => node == Nodes[0] ? Nodes[1] : Nodes[0];

    public abstract ValueTask InitializeAsync();

    public virtual ValueTask DisposeAsync()
    {
        KeepLogs();
        _api?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs the built command on this cluster.</summary>
    internal Task<Tool.Outcome> GodwitAsync(IEnumerable<string> arguments, TimeSpan? limit = null) => Tool.RunAsync(
        Path.Combine(Programs, "godwit"),
        [.. arguments, .. Address],
        limit ?? TimeSpan.FromMinutes(2),
        new Dictionary<string, string> { ["KUBECONFIG"] = "" });

    /// <summary>Runs the machine's own kubectl on this cluster.</summary>
    internal Task<Tool.Outcome> KubectlAsync(IEnumerable<string> arguments, string? input = null, TimeSpan? limit = null) => Tool.RunAsync(
        "kubectl", ["--kubeconfig", Kubeconfig, .. arguments], limit ?? TimeSpan.FromMinutes(3), input: input);

    /// <summary>The folder of the programs that make the cluster.</summary>
    protected virtual string Programs => Binaries;

    /// <summary>How the built command is told which cluster is meant.</summary>
    protected virtual IReadOnlyList<string> Address => ["--state", State.Root];

    protected async Task ConnectAsync()
    {
        _api = ApiClient.FromKubeconfig(Kubeconfig);
        Nodes = [.. (await _api.ListAsync(Kinds.Node)).Items.Select(static n => n.Name()).Order(StringComparer.Ordinal)];
    }

    /// <summary>The demo's guest, which the tests move, as an image of the nodes.</summary>
    protected async Task ImportGuestAsync()
    {
        var cache = Path.Combine(Binaries, "cache", "demo-guest");
        (await Tool.RunAsync("/bin/sh", [Path.Combine(Binaries, "guest", "build.sh"), cache], UpLimit)).Ok();
        (await GodwitAsync(["image", "import", Path.Combine(cache, "demo-guest.oci.tar")], UpLimit)).Ok();
    }

    /// <summary>The lines of its processes' logs that name one of these, in the order of their times.</summary>
    internal async Task<IReadOnlyList<string>> SaidOfAsync(IReadOnlyList<string> names)
    {
        var lines = new List<string>();
        foreach (var log in Directory.Exists(State.Logs) ? Directory.GetFiles(State.Logs) : [])
        {
            lines.AddRange((await File.ReadAllLinesAsync(log))
                .Where(line => names.Any(name => line.Contains(name, StringComparison.Ordinal)))
                .Select(line => $"{line} ({Path.GetFileNameWithoutExtension(log)})"));
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>Its processes' logs go with the cluster; who looks into a failure of tonight's needs them tomorrow.</summary>
    private void KeepLogs()
    {
        if (!Directory.Exists(State.Logs))
        {
            return;
        }

        if (Directory.Exists(KeptLogs))
        {
            Directory.Delete(KeptLogs, recursive: true);
        }

        Directory.CreateDirectory(KeptLogs);
        foreach (var log in Directory.EnumerateFiles(State.Logs))
        {
            File.Copy(log, Path.Combine(KeptLogs, Path.GetFileName(log)));
        }
    }

    /// <summary>Why no cluster can be started here; null when one can.</summary>
    protected static string? Missing()
    {
        if (Given is not null)
        {
            return $"SKIPPED: needs a cluster of its own, which it starts and ends, not that of {GivenVariable}";
        }

        if (Environment.UserName != "root")
        {
            return "SKIPPED: end-to-end tests make network namespaces and mounts, so they run as root only";
        }

        if (!File.Exists(Path.Combine(Binaries, "godwit")))
        {
            return $"SKIPPED: {Binaries}/godwit is not built; run GODWIT_BUILD=only ./godwit";
        }

        var missing = new[] { "qemu-system-x86_64", "kubectl", "runc", "conmon", "nft", "dnsmasq", "busybox" }.Where(static t => !Tool.Exists(t)).ToArray();
        return missing.Length > 0 ? $"SKIPPED: {string.Join(", ", missing)} missing; run hack/install-dependencies.sh --yes test" : null;
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
