using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Godwit as pods of a cluster that knew nothing of it, from the images that users build.</summary>
[Collection<OwnClusters>]
public sealed class InstallTests(BareCluster cluster) : IClassFixture<BareCluster>
{
    private const string Ours = "kubevirt.io";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly string[] Everywhere =
    [
        "namespaces", "nodes", "customresourcedefinitions", "apiservices", "clusterroles", "clusterrolebindings", "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations", "validatingadmissionpolicies", "validatingadmissionpolicybindings", "pods", "secrets", "configmaps", "services",
    ];

    [Fact]
    public async Task One_command_installs_it_guests_move_drain_and_outlive_an_upgrade_and_one_command_leaves_nothing_behind()
    {
        cluster.Require();
        var before = await EverythingAsync();
        (await cluster.GodwitAsync(["install", "--timeout", "120"], Limit)).Ok();
        (await cluster.KubectlAsync(["get", "kubevirt", "kubevirt", "-n", Installation.Namespace, "-o", "jsonpath={.status.phase} {.status.conditions[?(@.type=='Available')].status}"]))
            .Ok().ShouldBe("Deployed True");
        await Emulation.UseAsync(cluster);
        await using (var guest = await Guest.StartAsync(cluster, "e2e-installed"))
        {
            await MovesAsync(guest);
            await DrainsAsync(guest);
            await IsCancelledAsync(guest);
            await OutlivesItsAgentsAsync(guest);
            var refused = await cluster.GodwitAsync(["uninstall"]);
            refused.Code.ShouldNotBe(0);
            refused.Error.ShouldContain("vmi e2e-installed/demo");
        }

        (await cluster.KubectlAsync(["wait", "namespace", "e2e-installed", "--for=delete", "--timeout=60s"])).Ok();
        (await cluster.GodwitAsync(["uninstall"], Limit)).Ok();
        (await EverythingAsync()).Except(before, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_lacks_the_rights_is_told_which_and_nothing_changes()
    {
        cluster.Require();
        var before = await EverythingAsync();
        const string Account = "e2e-powerless";
        (await cluster.KubectlAsync(["create", "serviceaccount", Account, "-n", "default"])).Ok();
        var token = (await cluster.KubectlAsync(["create", "token", Account, "-n", "default"])).Ok().Trim();
        var file = Path.Combine(cluster.State.Root, "powerless.kubeconfig");
        File.Copy(cluster.Kubeconfig, file, overwrite: true);
        (await Tool.RunAsync("kubectl", ["--kubeconfig", file, "config", "set-credentials", Account, "--token", token], Limit)).Ok();
        (await Tool.RunAsync("kubectl", ["--kubeconfig", file, "config", "set-context", "--current", "--user", Account], Limit)).Ok();

        var refused = await Tool.RunAsync(Path.Combine(TestCluster.Binaries, "godwit"), ["install", "--kubeconfig", file], Limit);

        refused.Code.ShouldNotBe(0);
        refused.Error.ShouldContain("create customresourcedefinitions.apiextensions.k8s.io");
        refused.Error.ShouldContain("Nothing was changed.");
        (await cluster.KubectlAsync(["delete", "serviceaccount", Account, "-n", "default"])).Ok();
        (await EverythingAsync()).ShouldBe(before);
    }

    private async Task MovesAsync(Guest guest)
    {
        var home = await guest.NodeAsync();
        (await guest.MoveAsync()).ShouldHaveSucceeded();
        (await guest.NodeAsync()).ShouldBe(cluster.Other(home));
        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }

    private async Task DrainsAsync(Guest guest)
    {
        var home = await guest.NodeAsync();
        (await cluster.KubectlAsync(["drain", home, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s"])).Ok();
        (await guest.NodeAsync()).ShouldBe(cluster.Other(home));
        (await cluster.KubectlAsync(["uncordon", home])).Ok();
        await guest.ShouldBeUnhurtAsync();
    }

    private async Task IsCancelledAsync(Guest guest)
    {
        var home = await guest.NodeAsync();
        await using (await Tunables.BandwidthAsync(cluster, "8Mi"))
        {
            var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
            await guest.UntilAsync(migration.Name(), static m => m.At("status", "migrationState", "transfer") is JsonObject);
            (await cluster.KubectlAsync(["delete", "vmim", migration.Name(), "-n", guest.Name.Namespace, "--timeout=60s"])).Ok();
        }

        (await guest.NodeAsync()).ShouldBe(home);
        (await guest.ReadAsync()).Text("status", "migrationState", "abortStatus").ShouldBe("Succeeded");
        await guest.ShouldBeUnhurtAsync();
    }

    /// <summary>All of Godwit's pods are replaced while the guest's memory is on its way, as an upgrade does it.</summary>
    private async Task OutlivesItsAgentsAsync(Guest guest)
    {
        var home = await guest.NodeAsync();
        await using (await Tunables.BandwidthAsync(cluster, "32Mi"))
        {
            var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
            await guest.UntilAsync(migration.Name(), static m => m.At("status", "migrationState", "transfer") is JsonObject);
            string[] workloads = ["deployment/virt-controller", "deployment/virt-api", "daemonset/virt-handler"];
            (await cluster.KubectlAsync(["rollout", "restart", .. workloads, "-n", Installation.Namespace])).Ok();
            foreach (var workload in workloads)
            {
                (await cluster.KubectlAsync(["rollout", "status", workload, "-n", Installation.Namespace, "--timeout=120s"])).Ok();
            }

            var end = await guest.EndOfAsync(migration.Name());
            (await guest.NodeAsync()).ShouldBe(end.Succeeded ? cluster.Other(home) : home);
        }

        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }

    /// <summary>Names of all objects, and what of ours is written on those of others.</summary>
    private async Task<IReadOnlyList<string>> EverythingAsync()
    {
        var found = new List<string>();
        foreach (var kind in Everywhere)
        {
            var list = JsonNode.Parse((await cluster.KubectlAsync(["get", kind, "-A", "-o", "json"])).Ok());
            foreach (var @object in (list.At("items") as JsonArray ?? []).OfType<JsonObject>())
            {
                found.Add($"{kind} {@object.Namespace()}/{@object.Name()}");
                found.AddRange(@object.Labels().Keys.Concat(@object.Annotations().Keys)
                    .Where(static key => key.Contains(Ours, StringComparison.Ordinal))
                    .Select(key => $"{kind} {@object.Name()}: {key}"));
            }
        }

        return found;
    }
}
