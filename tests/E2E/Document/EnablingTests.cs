using Godwit.Cli.Api;
using Godwit.Cli.Demo;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's introduction and its chapter on enabling live migration.</summary>
[Collection<FirstSide>]
public sealed class EnablingTests(ClusterFixture cluster, DocumentGuest<EnablingTests> document) : IClassFixture<DocumentGuest<EnablingTests>>
{
    private const string Refusal = "LiveMigration feature gate is not enabled in kubevirt-config";
    private const int EchoPort = 7;

    [Fact]
    public async Task A_running_VMI_moves_to_another_node_while_the_guest_workload_continues_to_run_and_remain_accessible()
    {
        cluster.Require();
        var before = await document.Guest.NodeAsync();
        var address = VmiFacts.Address(await document.Guest.ReadAsync());
        using var stop = new CancellationTokenSource();
        var echo = new EchoClient(() => address, EchoPort, TimeProvider.System);
        var talking = echo.RunAsync(stop.Token);
        var following = FollowAsync();

        (await document.MigrateAsync()).ShouldHaveSucceeded();
        var during = echo.Echoes;
        await document.Guest.ShouldBeUnhurtAsync();
        await stop.CancelAsync();
        await Task.WhenAll(talking, following);

        (await document.Guest.NodeAsync()).ShouldNotBe(before);
        during.ShouldBeGreaterThan(0);
        echo.Echoes.ShouldBeGreaterThan(during, "the guest must answer at the target too");
        echo.Errors.ShouldBe(0);

        async Task FollowAsync()
        {
            try
            {
                await foreach (var vmi in new ObjectFollower(cluster.Api, TimeProvider.System).FollowAsync(Kinds.VirtualMachineInstance, document.Guest.Name, stop.Token))
                {
                    address = vmi is null ? null : VmiFacts.Address(vmi);
                }
            }
            catch (OperationCanceledException)
            {
                // Told to stop.
            }
        }
    }

    [Theory]
    [InlineData("kubevirt-config-feature-gates.yaml")]
    [InlineData("kubevirt-config.yaml")]
    public async Task To_enable_live_migration_we_need_to_enable_the_feature_gate_by_adding_LiveMigration_to_the_key(string example)
    {
        cluster.Require();
        await using var without = await KubeVirtConfig.GatesAsync(cluster, "DataVolumes");
        var refused = await document.PostAsync();
        refused.Code.ShouldNotBe(0);
        refused.Error.ShouldContain(Refusal);

        await using var with = await KubeVirtConfig.ExampleAsync(cluster, example);
        (await document.PostAsync("--dry-run=server")).Ok();
    }

    [Fact]
    public async Task A_current_kubevirt_config_can_be_edited_to_append_LiveMigration_to_an_existing_configuration()
    {
        cluster.Require();
        await using var config = await KubeVirtConfig.GatesAsync(cluster, "DataVolumes");
        (await document.PostAsync()).Error.ShouldContain(Refusal);

        (await Tool.RunAsync(
            "kubectl",
            ["--kubeconfig", cluster.Kubeconfig, "edit", "configmap", "kubevirt-config", "-n", "kubevirt"],
            TimeSpan.FromSeconds(30),
            new Dictionary<string, string> { ["KUBE_EDITOR"] = "sed -i s/DataVolumes/DataVolumes,LiveMigration/" })).Ok();
        (await cluster.KubectlAsync(["get", "configmap", "kubevirt-config", "-n", "kubevirt", "-o", "jsonpath={.data.feature-gates}"])).Ok()
            .ShouldBe("DataVolumes,LiveMigration");

        (await document.MigrateAsync()).ShouldHaveSucceeded();
        await document.Guest.ShouldBeUnhurtAsync();
    }
}
