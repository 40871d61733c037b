using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Godwit.Cli.Host;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Xunit;

[assembly: AssemblyFixture(typeof(ClusterFixture))]
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Godwit.Tests.E2E.Support;

/// <summary>
/// One cluster of the built binaries for all tests, under a name of its own; taken away at the end, and before the start if
/// an earlier run was killed. Where it cannot be started because the machine lacks something, the tests are skipped and say why.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public const string Name = "godwite2e";

    /// <summary>Environment variable; 1 has all certificates of the components replaced each minute while the tests run.</summary>
    private const string RotateSwitch = "GODWIT_TEST_ROTATE";

    private static readonly NamespacedName Configuration = new(Installation.Namespace, Installation.ConfigMapName);
    private static readonly TimeSpan UpLimit = TimeSpan.FromMinutes(3);
    private ApiClient? _api;

    public static string Root { get; } = FindRoot();

    public static string Binaries { get; } = Path.Combine(Root, "artifacts", "godwit");

    /// <summary>Why the tests cannot run here; null when they can.</summary>
    public string? Lacking { get; private set; }

    public StateFolder State { get; } = new("/var/lib/godwit-e2e");

    /// <summary>The ConfigMap that <c>godwit up</c> wrote; it is taken away then, for the tests begin with today's defaults.</summary>
    internal JsonObject WrittenConfiguration { get; private set; } = [];

    public ApiClient Api => _api ?? throw new InvalidOperationException(Lacking ?? "the cluster is not up");

    public async ValueTask InitializeAsync()
    {
        Lacking = Missing();
        if (Lacking is not null)
        {
            return;
        }

        await GodwitAsync(["down"], UpLimit);
        (await GodwitAsync(["up", "--name", Name, "--auto", "--yes", "--timeout", "90"], UpLimit)).Ok();
        _api = ApiClient.FromKubeconfig(State.Kubeconfig);
        WrittenConfiguration = await _api.GetAsync(Kinds.ConfigMap, Configuration);
        await _api.DeleteAsync(Kinds.ConfigMap, Configuration);
        if (Environment.GetEnvironmentVariable(RotateSwitch) == "1")
        {
            await Rotation.EveryAsync(_api, seconds: 60);
        }

        var cache = Path.Combine(Binaries, "cache", "demo-guest");
        (await Tool.RunAsync("/bin/sh", [Path.Combine(Binaries, "guest", "build.sh"), cache], UpLimit)).Ok();
        (await GodwitAsync(["image", "import", Path.Combine(cache, "demo-guest.oci.tar")], UpLimit)).Ok();
    }

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        if (Lacking is null)
        {
            await GodwitAsync(["down"], UpLimit);
        }
    }

    /// <summary>Skips the test, loudly, where the cluster cannot be had.</summary>
    public void Require() => Assert.SkipWhen(Lacking is not null, Lacking ?? "");

    /// <summary>Runs the built command on this cluster.</summary>
    internal Task<Tool.Outcome> GodwitAsync(IEnumerable<string> arguments, TimeSpan? limit = null) => Tool.RunAsync(
        Path.Combine(Binaries, "godwit"), [.. arguments, "--state", State.Root], limit ?? TimeSpan.FromMinutes(2), new Dictionary<string, string> { ["KUBECONFIG"] = "" });

    /// <summary>Runs the machine's own kubectl on this cluster.</summary>
    internal Task<Tool.Outcome> KubectlAsync(IEnumerable<string> arguments, string? input = null, TimeSpan? limit = null) => Tool.RunAsync(
        "kubectl", ["--kubeconfig", State.Kubeconfig, .. arguments], limit ?? TimeSpan.FromMinutes(3), input: input);

    private static string? Missing()
    {
        if (Environment.UserName != "root")
        {
            return "SKIPPED: end-to-end tests make network namespaces and mounts, so they run as root only";
        }

        if (!File.Exists(Path.Combine(Binaries, "godwit")))
        {
            return $"SKIPPED: {Binaries}/godwit is not built; run GODWIT_BUILD=only ./godwit";
        }

        var missing = new[] { "qemu-system-x86_64", "kubectl", "runc", "conmon", "nft", "dnsmasq" }.Where(static t => !Tool.Exists(t)).ToArray();
        return missing.Length > 0 ? $"SKIPPED: {string.Join(", ", missing)} missing; run hack/install-dependencies.sh --yes test" : null;
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
