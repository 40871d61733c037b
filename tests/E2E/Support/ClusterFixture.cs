using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;
using Xunit.v3;

[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]
[assembly: Parallelization(MaxThreads = 3)]

namespace Godwit.Tests.E2E.Support;

/// <summary>
/// A cluster of the built binaries for all tests of one side, under a name of its own; taken away at the end, and before the start
/// if an earlier run was killed. The sides run at the same time, for the tests mostly wait. Where it cannot be started because the
/// machine lacks something, the tests are skipped and say why.
/// With <c>GODWIT_TEST_KUBECONFIG</c> it is the cluster of that file, two of whose nodes have the demo guest's image; Godwit is
/// installed there unless it is, and then taken away again; the sides run one after the other, for there is only one. What needs the
/// processes of <c>godwit up</c>, or those of the nodes, is skipped then.
/// </summary>
public sealed class ClusterFixture : TestCluster
{
    /// <summary>Environment variable: where the given cluster finds Godwit's images, if its nodes do not have them.</summary>
    private const string RegistryVariable = "GODWIT_TEST_REGISTRY";

    /// <summary>Environment variable; 1 has all certificates of the components replaced each minute while the tests run.</summary>
    private const string RotateSwitch = "GODWIT_TEST_ROTATE";

    private static readonly SemaphoreSlim TheGivenOne = new(1);
    private static readonly NamespacedName Configuration = new(Installation.Namespace, Installation.ConfigMapName);
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(6);
    private static int _started;
    private bool _holdsGiven;
    private bool _installed;
    private bool _nodesAreHere = true;

    public ClusterFixture() : this(Interlocked.Increment(ref _started))
    {
    }

    private ClusterFixture(int which) : base($"/var/lib/godwit-e2e-{which}") => Name = $"godwite2e{which}";

    /// <summary>What its namespaces, interfaces and cgroups are called after.</summary>
    public string Name { get; }

    public override string Kubeconfig => Given ?? base.Kubeconfig;

    /// <summary>The ConfigMap that <c>godwit up</c> wrote; it is taken away then, for the tests begin with today's defaults.</summary>
    internal JsonObject WrittenConfiguration { get; private set; } = [];

    protected override IReadOnlyList<string> Address => Given is null ? base.Address : ["--kubeconfig", Given];

    public override async ValueTask InitializeAsync()
    {
        if (Given is not null)
        {
            await TheGivenOne.WaitAsync();
            _holdsGiven = true;
            try
            {
                await ConnectAsync();
                await EnsureInstalledAsync();
                _nodesAreHere = await AreNodesHereAsync();
            }
            catch
            {
                // The other side is told the same, and does not wait for ever.
                LetGivenGo();
                throw;
            }

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
        if (Given is not null)
        {
            await LeaveGivenAsync();
        }
        else if (Lacking is null)
        {
            await GodwitAsync(["down"], UpLimit);
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

    /// <summary>What it has on the machine, one line for each thing.</summary>
    public IReadOnlyList<string> Leftovers() => Machine.Leftovers(Name, State.Root);

    /// <summary>Waits until it has nothing more on the machine than before, but for what is <paramref name="expected"/>.</summary>
    public async Task UntilAsBeforeAsync(IReadOnlyList<string> before, Func<string, bool>? expected = null)
    {
        // The cluster's own group is made with its first pod and stays as long as the cluster does.
        var group = $"/godwit/{Name}";
        string[] more;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        do
        {
            more = [.. Leftovers().Except(before, StringComparer.Ordinal).Where(l => !l.EndsWith(group, StringComparison.Ordinal) && expected?.Invoke(l) != true)];
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
        while (more.Length > 0 && !deadline.IsCancellationRequested);
        more.ShouldBeEmpty();
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
            await Emulation.UseAsync(this);
        }
    }

    private async Task LeaveGivenAsync()
    {
        try
        {
            if (_installed)
            {
                (await GodwitAsync(["uninstall"], InstallLimit)).Ok();
            }
        }
        finally
        {
            LetGivenGo();
        }
    }

    private void LetGivenGo()
    {
        if (_holdsGiven)
        {
            _holdsGiven = false;
            TheGivenOne.Release();
        }
    }

    /// <summary>Whether an agent's processes can be seen from here.</summary>
    private async Task<bool> AreNodesHereAsync()
    {
        var agents = await Api.ListAsync(Kinds.Pod, Installation.Namespace, new ListOptions { LabelSelector = $"{Labels.App}=virt-handler" });
        return agents.Items.Any(static pod => PodProcesses.InPod(pod.Text("metadata", "uid")!, "godwitd") is not null);
    }
}
