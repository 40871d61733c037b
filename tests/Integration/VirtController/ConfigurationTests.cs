using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>A ConfigMap of 2020 that is broken and mended while the controller runs.</summary>
public sealed class ConfigurationTests(ControllerFixture cluster) : IClassFixture<ControllerFixture>
{
    private static readonly NamespacedName MapKey = new(Installation.Namespace, Installation.ConfigMapName);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bad_config_map_is_reported_until_it_is_mended_and_the_last_good_values_stay_in_force()
    {
        await KubeVirtAsync(static one => one.Status?.Conditions.IsTrue(Conditions.Created) == true);
        await ConfigureAsync("nodeDrainTaintKey: example.com/first");
        await NotedAsync("example.com/first");
        await ConfigureAsync("nodeDrainTaintKey: 'no key'");
        var bad = await KubeVirtAsync(static one => one.Status?.Conditions.IsTrue(Conditions.ConfigurationInvalid) == true);
        bad.Status!.Conditions.Find(Conditions.ConfigurationInvalid)!.Message!
            .ShouldContain("migrations.nodeDrainTaintKey: 'no key' is not a taint key");
        await EventAsync(EventReasons.InvalidConfiguration, EventReasons.Warning);

        // So does a process that starts only now.
        LegacyConfiguration.Read((await cluster.Api.TryGetAsync(Kinds.ConfigMap, MapKey, TypesJson.Default.ConfigMap, Stop))!)
            .Migrations.NodeDrainTaintKey.ShouldBe("example.com/first");

        // The key of before is the one that empties the node.
        await DrainableAsync("first");
        await cluster.Api.CreateAsync(Kinds.Node, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = "node01" },
            ["spec"] = new JsonObject { ["taints"] = Taint("example.com/first") },
        }, ct: Stop);
        await MigrationOfAsync("first");

        await ConfigureAsync("nodeDrainTaintKey: example.com/second");
        await KubeVirtAsync(static one => one.Status?.Conditions.Find(Conditions.ConfigurationInvalid) is null);
        await EventAsync(EventReasons.ConfigurationMended, EventReasons.Normal);
        await DrainableAsync("second");
        (await MigrationsAsync()).ShouldNotContain(static one => one.Spec!.VmiName == "second");
        await cluster.Api.PatchAsync(
            Kinds.Node,
            NamespacedName.Cluster("node01"),
            PatchKind.Merge,
            new JsonObject { ["spec"] = new JsonObject { ["taints"] = Taint("example.com/second") } },
            ct: Stop);
        await MigrationOfAsync("second");
    }

    private async Task NotedAsync(string text)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var item in cluster.Api.WatchAsync(Kinds.ConfigMap, MapKey.Namespace, new WatchOptions(), deadline.Token))
        {
            if (item.Object.Text("metadata", "annotations", Annotations.LastGoodConfiguration)?.Contains(text, StringComparison.Ordinal) == true)
            {
                return;
            }
        }
    }

    private static JsonArray Taint(string key) => [(JsonNode)new JsonObject { ["key"] = key, ["effect"] = "NoSchedule" }];

    private async Task DrainableAsync(string name)
    {
        await cluster.RunVmiAsync(name);
        await cluster.PatchVmiAsync(
            name, """{"spec":{"evictionStrategy":"LiveMigrate"},"status":{"conditions":[{"type":"LiveMigratable","status":"True"}]}}""");
    }

    private async Task ConfigureAsync(string migrations)
    {
        var map = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = MapKey.Name, ["namespace"] = MapKey.Namespace },
            ["data"] = new JsonObject { ["feature-gates"] = "LiveMigration", ["migrations"] = migrations },
        };
        if (await cluster.Api.TryGetAsync(Kinds.ConfigMap, MapKey, Stop) is null)
        {
            await cluster.Api.CreateAsync(Kinds.ConfigMap, map, ct: Stop);
        }
        else
        {
            await cluster.Api.PatchAsync(Kinds.ConfigMap, MapKey, PatchKind.Merge, new JsonObject { ["data"] = map["data"]!.DeepClone() }, ct: Stop);
        }
    }

    private async Task<KubeVirt> KubeVirtAsync(Func<KubeVirt, bool> wanted)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var item in cluster.Api.WatchAsync(
            Kinds.KubeVirt, Installation.Namespace, TypesJson.Default.KubeVirt, new WatchOptions(), deadline.Token))
        {
            if (item.Object is { } found && wanted(found))
            {
                return found;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }

    private async Task EventAsync(string reason, string type)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var item in cluster.Api.WatchAsync(
            new ResourceKind("", "v1", "events", "Event", Namespaced: true), Installation.Namespace, new WatchOptions(), deadline.Token))
        {
            if (item.Object.Text("reason") == reason && item.Object.Text("type") == type
                && item.Object.Text("involvedObject", "kind") == "ConfigMap" && item.Object.Text("involvedObject", "name") == MapKey.Name)
            {
                return;
            }
        }
    }

    private async Task MigrationOfAsync(string vmi)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var item in cluster.Api.WatchAsync(
            Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, new WatchOptions(), deadline.Token))
        {
            if (item.Object?.Spec?.VmiName == vmi)
            {
                return;
            }
        }
    }

    private async Task<IReadOnlyList<VirtualMachineInstanceMigration>> MigrationsAsync() => (await cluster.Api.ListAsync(
        Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, ct: Stop)).Items;
}
