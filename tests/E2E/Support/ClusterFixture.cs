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
/// With <c>GODWIT_TEST_KUBECONFIG</c> it is the cluster of that file, where Godwit is installed and two nodes have the demo
/// guest's image; what needs the processes of <c>godwit up</c> is skipped then.
/// </summary>
public sealed class ClusterFixture() : TestCluster("/var/lib/godwit-e2e")
{
    public const string Name = "godwite2e";
    private const string Variable = "GODWIT_TEST_KUBECONFIG";

    /// <summary>Environment variable; 1 has all certificates of the components replaced each minute while the tests run.</summary>
    private const string RotateSwitch = "GODWIT_TEST_ROTATE";

    private static readonly NamespacedName Configuration = new(Installation.Namespace, Installation.ConfigMapName);
    private readonly string? _given = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file ? Path.GetFullPath(file) : null;

    public override string Kubeconfig => _given ?? base.Kubeconfig;

    /// <summary>The ConfigMap that <c>godwit up</c> wrote; it is taken away then, for the tests begin with today's defaults.</summary>
    internal JsonObject WrittenConfiguration { get; private set; } = [];

    protected override IReadOnlyList<string> Address => _given is null ? base.Address : ["--kubeconfig", _given];

    public override async ValueTask InitializeAsync()
    {
        if (_given is not null)
        {
            await ConnectAsync();
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
        if (Lacking is null && _given is null)
        {
            await GodwitAsync(["down"], UpLimit);
        }
    }

    /// <summary>Skips a test that looks at, or ends, the processes which <c>godwit up</c> started.</summary>
    public void RequireOwn()
    {
        Require();
        Assert.SkipWhen(_given is not null, $"SKIPPED: needs a cluster of `godwit up`, not that of {Variable}");
    }
}
