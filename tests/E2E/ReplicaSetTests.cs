using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>A VirtualMachineInstanceReplicaSet with real guests, by kubectl alone.</summary>
[Collection<FirstSide>]
public sealed class ReplicaSetTests(ClusterFixture cluster)
{
    private const string Namespace = "e2e-replicas";
    private const string Name = "farm";

    [Fact]
    public async Task It_keeps_as_many_guests_as_it_is_scaled_to_and_a_drain_moves_them()
    {
        cluster.Require();
        await Guest.EnsureNamespaceAsync(cluster, Namespace);
        try
        {
            (await KubectlAsync(await ReplicaSetAsync(), "create", "-f", "-")).Ok();
            await ReadyAsync(2);
            (await KubectlAsync(null, "scale", "vmirs", Name, "--replicas=1")).Ok();
            await ReadyAsync(1);
            (await KubectlAsync(null, "scale", "vmirs", Name, "--replicas=2")).Ok();
            await ReadyAsync(2);
            var before = await VmisAsync();
            var node = before[0].Text("status", "nodeName").ShouldNotBeNull();

            try
            {
                (await cluster.KubectlAsync(["drain", node, "--delete-emptydir-data", "--pod-selector=kubevirt.io=virt-launcher", "--timeout=120s"])).Ok();
            }
            finally
            {
                (await cluster.KubectlAsync(["uncordon", node])).Ok();
            }

            // Moved and not made anew: they are the same, and none of them is where it must not be.
            var after = await VmisAsync();
            after.Select(static v => v.Uid()).ShouldBe(before.Select(static v => v.Uid()), ignoreOrder: true);
            after.Select(static v => v.Text("status", "nodeName")).ShouldNotContain(node);
            after.Select(static v => v.Text("status", "phase")).Distinct().ShouldBe([VmiPhases.Running]);

            (await KubectlAsync(null, "delete", "vmirs", Name, "--cascade=foreground", "--timeout=90s")).Ok();
            (await VmisAsync()).ShouldBeEmpty();
        }
        finally
        {
            (await cluster.KubectlAsync(["delete", "namespace", Namespace, "--timeout=90s"])).Ok();
        }
    }

    private static async Task<string> ReplicaSetAsync()
    {
        var vmi = Yaml.ParseObjects(await File.ReadAllTextAsync(Path.Combine(ClusterFixture.Root, "examples", "vmi-demo.yaml"), TestContext.Current.CancellationToken)).Single();
        var spec = vmi.Ensure("spec");
        spec["terminationGracePeriodSeconds"] = 1;
        spec.Ensure("domain", "memory")["guest"] = "192Mi";
        spec.Ensure("domain", "firmware", "kernelBoot")["kernelArgs"] = $"{Guest.Boot} {SmallGuest.Calm} mg.ip=dhcp mg.tick=20";
        return new JsonObject
        {
            ["apiVersion"] = "kubevirt.io/v1",
            ["kind"] = "VirtualMachineInstanceReplicaSet",
            ["metadata"] = new JsonObject { ["name"] = Name },
            ["spec"] = new JsonObject
            {
                ["replicas"] = 2,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["farm"] = Name } },
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["farm"] = Name } },
                    ["spec"] = spec.DeepClone(),
                },
            },
        }.ToJsonString();
    }

    private async Task ReadyAsync(int replicas)
    {
        (await KubectlAsync(null, "wait", "vmirs", Name, $"--for=jsonpath={{.status.readyReplicas}}={replicas}", "--timeout=90s")).Ok();
        (await KubectlAsync(null, "wait", "vmirs", Name, $"--for=jsonpath={{.status.replicas}}={replicas}", "--timeout=90s")).Ok();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var _ in cluster.Api.WatchAsync(Kinds.VirtualMachineInstance, Namespace, new WatchOptions(), deadline.Token))
        {
            var vmis = await VmisAsync();
            if (vmis.Count == replicas && vmis.TrueForAll(static v => v.Text("status", "phase") == VmiPhases.Running && Guest.Condition(v, Conditions.LiveMigratable).Text("status") == Conditions.True))
            {
                return;
            }
        }
    }

    private async Task<List<JsonObject>> VmisAsync() => [.. (await cluster.Api.ListAsync(Kinds.VirtualMachineInstance, Namespace)).Items];

    private Task<Tool.Outcome> KubectlAsync(string? input, params string[] command) => cluster.KubectlAsync(["-n", Namespace, .. command], input);
}
