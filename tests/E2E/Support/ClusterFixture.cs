using System.Text.Json.Nodes;
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
/// With <c>GODWIT_TEST_KUBECONFIG</c> it is the cluster of that file, two of whose nodes have the demo guest's image; Godwit is
/// installed there unless it is, and then taken away again. What needs the processes of <c>godwit up</c>, or those of the nodes,
/// is skipped then.
/// </summary>
public sealed class ClusterFixture() : TestCluster("/var/lib/godwit-e2e")
{
    public const string Name = "godwite2e";

    /// <summary>Environment variable: where the given cluster finds Godwit's images, if its nodes do not have them.</summary>
    private const string RegistryVariable = "GODWIT_TEST_REGISTRY";

    /// <summary>Environment variable; 1 has all certificates of the components replaced each minute while the tests run.</summary>
    private const string RotateSwitch = "GODWIT_TEST_ROTATE";

    private static readonly NamespacedName Configuration = new(Installation.Namespace, Installation.ConfigMapName);
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(6);
    private bool _installed;
    private bool _nodesAreHere = true;

    public override string Kubeconfig => Given ?? base.Kubeconfig;

    /// <summary>The ConfigMap that <c>godwit up</c> wrote; it is taken away then, for the tests begin with today's defaults.</summary>
    internal JsonObject WrittenConfiguration { get; private set; } = [];

    protected override IReadOnlyList<string> Address => Given is null ? base.Address : ["--kubeconfig", Given];

    public override async ValueTask InitializeAsync()
    {
        if (Given is not null)
        {
            await ConnectAsync();
            await EnsureInstalledAsync();
            _nodesAreHere = await AreNodesHereAsync();
            return;
        }

        Lacking = Missing();
        if (Lacking is not null)
        {
            return;
        }

        await GodwitAsync(["down"], UpLimit);
        (await GodwitAsync(["up", "--name", Name, "--auto", "--yes", "--timeout", "90"], UpLimit)).Ok();
        await ConnectAsync();
        WrittenConfiguration = await Api.GetAsync(Kinds.ConfigMap, Configuration);
        await Api.DeleteAsync(Kinds.ConfigMap, Configuration);
        if (Environment.GetEnvironmentVariable(RotateSwitch) == "1")
        {
            await Rotation.EveryAsync(Api, seconds: 60);
        }

        await ImportGuestAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Lacking is null && Given is null)
        {
            await GodwitAsync(["down"], UpLimit);
        }
        else if (_installed)
        {
            (await GodwitAsync(["uninstall"], InstallLimit)).Ok();
        }
    }

    /// <summary>Skips a test that looks at, or ends, the processes which <c>godwit up</c> started.</summary>
    public void RequireOwn()
    {
        Require();
        Assert.SkipWhen(Given is not null, $"SKIPPED: needs a cluster of `godwit up`, not that of {GivenVariable}");
    }

    /// <summary>Skips a test that looks at processes of pods, stops them, or cuts their links.</summary>
    public void RequireNodesHere()
    {
        Require();
        Assert.SkipUnless(_nodesAreHere, $"SKIPPED: needs the processes of the nodes, and those of the cluster of {GivenVariable} are not on this machine");
    }

    /// <summary>Skips a test that needs an API which not every cluster has.</summary>
    public async Task RequireApiAsync(string groupVersion, string giver)
    {
        Require();
        try
        {
            await Api.GetRawAsync($"/apis/{groupVersion}", ct: TestContext.Current.CancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            Assert.Skip($"SKIPPED: the cluster does not serve {groupVersion}, which {giver} brings");
        }
    }

    private async Task EnsureInstalledAsync()
    {
        var name = new NamespacedName(Installation.Namespace, Installation.KubeVirtName);
        if (await Api.TryGetAsync(Kinds.KubeVirt, name) is not null)
        {
            return;
        }

        string[] registry = Environment.GetEnvironmentVariable(RegistryVariable) is { Length: > 0 } given ? ["--registry", given] : [];
        (await GodwitAsync(["install", "--timeout", "300", .. registry], InstallLimit)).Ok();
        _installed = true;
        if (!(await Api.ListAsync(Kinds.Node)).Items.Any(static node => node.Text("status", "allocatable", Launcher.KvmDevice) is not (null or "0")))
        {
            await Api.PatchAsync(
                Kinds.KubeVirt, name, PatchKind.Merge, JsonNode.Parse("""{"spec":{"configuration":{"developerConfiguration":{"useEmulation":true}}}}""")!);
        }
    }

    /// <summary>Whether an agent's processes can be seen from here.</summary>
    private async Task<bool> AreNodesHereAsync()
    {
        var agents = await Api.ListAsync(Kinds.Pod, Installation.Namespace, new ListOptions { LabelSelector = $"{Labels.App}=virt-handler" });
        return agents.Items.Any(static pod => PodProcesses.InPod(pod.Text("metadata", "uid")!, "godwitd") is not null);
    }
}
