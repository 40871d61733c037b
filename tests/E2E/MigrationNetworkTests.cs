using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>A network for migrations alone: <c>migrations.network</c>.</summary>
[Collection<FirstSide>]
public sealed class MigrationNetworkTests(ClusterFixture cluster)
{
    private const string Where = "e2e-network";
    private const string Network = "kubevirt/migration";

    [Fact]
    public async Task Migrations_go_over_the_network_that_is_set_once_the_guests_pod_is_on_it_and_before_that_say_why_not()
    {
        await cluster.RequireApiAsync("k8s.cni.cncf.io/v1", "Multus");
        (await SetAsync()).Error.ShouldContain($"the NetworkAttachmentDefinition {Network} does not exist. Create it first");
        (await cluster.KubectlAsync(["apply", "-f", Path.Combine(ClusterFixture.Root, "examples", "migration-network.yaml")])).Ok();
        await using var guest = await SmallGuest.StartAsync(cluster, Where, "wired");
        await using var settings = await Tunables.SetAsync(cluster, ("network", "migration"));

        (await guest.MoveAsync()).ShouldHaveSucceeded();

        var addresses = await LauncherAddressesAsync();
        (await TargetAddressAsync(guest)).ShouldBeOneOf([.. addresses.Select(static a => a.Pod)]);
        (await cluster.KubectlAsync(["get", "events", "-n", Where, "-o", "jsonpath={.items[*].message}"])).Ok()
            .ShouldContain($"The migration goes over the pod network and not over migration: the source pod has no interface on it");

        (await guest.MoveAsync()).ShouldHaveSucceeded();

        addresses = await LauncherAddressesAsync();
        var used = await TargetAddressAsync(guest);
        used.ShouldStartWith("192.168.77.");
        used.ShouldBeOneOf([.. addresses.Select(static a => a.Dedicated)]);
        await guest.ShouldBeUnhurtAsync();
        (await cluster.KubectlAsync(["delete", "-n", "kubevirt", "net-attach-def", "migration"])).Ok();
    }

    private Task<Tool.Outcome> SetAsync() => cluster.KubectlAsync(
        ["patch", "kubevirt", Installation.KubeVirtName, "-n", Installation.Namespace, "--type=merge", "-p", """{"spec":{"configuration":{"migrations":{"network":"migration"}}}}"""]);

    private static async Task<string> TargetAddressAsync(Guest guest) =>
        (await guest.ReadAsync()).Text("status", "migrationState", "targetNodeAddress").ShouldNotBeNull();

    /// <summary>Every launcher pod's address, and the one on the network for migrations where it has one.</summary>
    private async Task<IReadOnlyList<(string Pod, string Dedicated)>> LauncherAddressesAsync()
    {
        var pods = (await cluster.Api.ListAsync(Kinds.Pod, Where)).Items;
        return [.. pods.Select(static p => (p.Text("status", "podIP") ?? "", Dedicated(p) ?? ""))];
    }

    private static string? Dedicated(JsonObject pod) =>
        pod.Text("metadata", "annotations", Annotations.NetworkStatus) is { } status
            ? ((JsonArray)JsonNode.Parse(status)!).Where(static n => n.Text("name") == Network).Select(static n => n.At("ips").ShouldBeOfType<JsonArray>()[0].Text()).FirstOrDefault()
            : null;
}
