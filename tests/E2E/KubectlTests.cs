using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Everything by the machine's own kubectl, with the YAML that the 2020 document shows.</summary>
[Collection<FirstSide>]
public sealed class KubectlTests(ClusterFixture cluster)
{
    private const string Document = """
        apiVersion: kubevirt.io/v1alpha3
        kind: VirtualMachineInstanceMigration
        metadata:
          name: migration-job
        spec:
          vmiName: vmi-fedora
        """;

    [Fact]
    public async Task The_documents_yaml_moves_the_guest_and_the_columns_show_it()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-kubectl", "vmi-fedora");
        var before = await guest.NodeAsync();

        (await cluster.KubectlAsync(["create", "-n", "e2e-kubectl", "-f", "-"], Document)).Ok();
        (await guest.EndOfAsync("migration-job")).Succeeded.ShouldBeTrue();

        var columns = (await cluster.KubectlAsync(["get", "vmim", "-n", "e2e-kubectl"])).Ok().Split('\n');
        columns[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["NAME", "PHASE", "VMI", "SOURCE", "TARGET", "PROGRESS", "RATE", "ETA", "PAUSE", "AGE"]);
        columns[1].ShouldContain("Succeeded");
        var vmi = await guest.ReadAsync();
        VmiFacts.Node(vmi).ShouldNotBe(before);
        var state = vmi.At("status", "migrationState");
        state.Text("sourceNode").ShouldBe(before);
        state.Text("targetNode").ShouldBe(VmiFacts.Node(vmi));
        state.Flag("completed").ShouldBe(true);
        state.Text("targetNodeAddress").ShouldNotBeNullOrEmpty();
        state.Text("mode").ShouldBe("PreCopy");
        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }

    [Fact]
    public async Task A_migration_that_is_deleted_leaves_the_guest_where_it_is()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-cancel", "vmi-fedora");
        var before = await guest.NodeAsync();
        await using var slow = await Tunables.BandwidthAsync(cluster, "16Mi");

        (await cluster.KubectlAsync(["create", "-n", "e2e-cancel", "-f", "-"], Document)).Ok();
        await guest.UntilAsync("migration-job", static m => m.Text("status", "phase") == MigrationPhases.Running);
        (await cluster.KubectlAsync(["delete", "vmim", "migration-job", "-n", "e2e-cancel", "--timeout=60s"])).Ok();

        var vmi = await guest.ReadAsync();
        VmiFacts.Node(vmi).ShouldBe(before);
        vmi.Text("status", "migrationState", "abortStatus").ShouldBe("Succeeded");
        vmi.Flag("status", "migrationState", "failed").ShouldBe(true);
        (await cluster.KubectlAsync(
            ["wait", "pod", "-n", "e2e-cancel", "-l", "kubevirt.io=virt-launcher", "--field-selector", "status.phase!=Running", "--for=delete", "--timeout=60s"])).Ok();
        await guest.UntilOnePodAsync();
        await guest.ShouldBeUnhurtAsync();
    }

    [Theory]
    [InlineData("version")]
    [InlineData("api-resources")]
    [InlineData("auth", "whoami")]
    [InlineData("explain", "vmi.spec.domain")]
    [InlineData("get", "nodes", "-o", "wide")]
    [InlineData("get", "pods", "-A")]
    [InlineData("get", "vmi,vmim", "-A", "-o", "yaml")]
    [InlineData("describe", "nodes")]
    [InlineData("events", "-A")]
    public async Task Stock_kubectl_is_content_with(params string[] words)
    {
        cluster.Require();
        (await cluster.KubectlAsync(words)).Ok();
    }

    public static TheoryData<string> Examples => [.. Directory.GetFiles(Path.Combine(ClusterFixture.Root, "examples"), "*.yaml").Select(static f => Path.GetFileName(f)!)];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task An_example_is_taken_as_it_is(string example)
    {
        cluster.Require();
        if (example == "migration-network.yaml")
        {
            // Another cluster may lack Multus' kind.
            cluster.RequireOwn();
        }

        var file = Path.Combine(ClusterFixture.Root, "examples", example);
        // A migration needs its VMI, so it is only asked whether it would be understood.
        var dry = example.StartsWith("migration-job", StringComparison.Ordinal);
        var outcome = await cluster.KubectlAsync(["apply", "--dry-run=server", "-f", file]);
        if (dry)
        {
            outcome.Error.ShouldContain("vmi-fedora");
            return;
        }

        outcome.Ok();
    }
}
