using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>A VirtualMachine with a real guest, by kubectl alone, and what our own command says of it.</summary>
[Collection<SecondSide>]
public sealed class VirtualMachineTests(ClusterFixture cluster)
{
    private const string Namespace = "e2e-vm";
    private const string Name = "vm-demo";
    private static readonly string[] InNamespace = ["-n", Namespace];

    [Fact]
    public async Task It_starts_pauses_restarts_comes_back_after_an_eviction_and_stops()
    {
        cluster.Require();
        await Guest.EnsureNamespaceAsync(cluster, Namespace);
        try
        {
            var machine = Yaml.ParseObjects(await File.ReadAllTextAsync(Path.Combine(ClusterFixture.Root, "examples", "vm-demo.yaml"), TestContext.Current.CancellationToken)).Single();
            var spec = machine.Ensure("spec", "template", "spec");
            spec["evictionStrategy"] = EvictionStrategies.None;
            spec.Ensure("domain", "memory")["guest"] = "192Mi";
            var boot = spec.Ensure("domain", "firmware", "kernelBoot");
            boot["kernelArgs"] = $"{Guest.Boot} {SmallGuest.Calm} mg.ip=dhcp mg.echo=7 mg.tick=20";
            (await KubectlAsync(machine.ToJsonString(), "create", "-f", "-")).Ok();
            await UntilStatusAsync("Running");
            var first = await VmiAsync("{.metadata.uid}");

            await SubresourceAsync("virtualmachineinstances", "pause");
            (await KubectlAsync(null, "wait", "vmi", Name, "--for=condition=Paused", "--timeout=30s")).Ok();
            (await VmiAsync("{.status.conditions[?(@.type==\"Paused\")].reason}")).ShouldBe("PausedByUser");
            await UntilStatusAsync("Paused");
            (await KubectlAsync(null, "wait", "vmi", Name, "--for=condition=Ready=false", "--timeout=30s")).Ok();
            (await cluster.GodwitAsync(["unpause", Name, .. InNamespace])).Ok();
            await UntilStatusAsync("Running");
            (await KubectlAsync(null, "wait", "vmi", Name, "--for=condition=Ready", "--timeout=30s")).Ok();

            await SubresourceAsync("virtualmachines", "restart");
            var second = await UntilAnotherAsync(first);

            var explained = (await cluster.GodwitAsync(["explain", Name, .. InNamespace])).Ok();
            explained.ShouldContain(cluster.Nodes[0]);
            explained.ShouldContain(cluster.Nodes[1]);

            var pod = (await KubectlAsync(null, "get", "pod", "-l", $"kubevirt.io/created-by={second}", "-o", "jsonpath={.items[0].metadata.name}")).Ok();
            (await Evictions.PostAsync(cluster, Namespace, pod)).Ok();
            await UntilAnotherAsync(second);

            await SubresourceAsync("virtualmachines", "stop");
            (await KubectlAsync(null, "wait", "vmi", Name, "--for=delete", "--timeout=60s")).Ok();
            await UntilStatusAsync("Stopped");
            (await KubectlAsync(null, "get", "vm", Name, "-o", "jsonpath={.spec.runStrategy}")).Ok().ShouldBe("Halted");
            (await KubectlAsync(null, "get", "pods", "-o", "name")).Ok().ShouldBeEmpty();
        }
        finally
        {
            (await cluster.KubectlAsync(["delete", "namespace", Namespace, "--timeout=90s"])).Ok();
        }
    }

    private async Task<string> UntilAnotherAsync(string than)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        await foreach (var change in cluster.Api.WatchAsync(Kinds.VirtualMachineInstance, Namespace, new() { FieldSelector = $"metadata.name={Name}" }, deadline.Token))
        {
            if (change.Object is JsonObject vmi && vmi.Text("metadata", "uid") != than && vmi.Text("status", "phase") == VmiPhases.Running)
            {
                await UntilStatusAsync("Running");
                return vmi.Text("metadata", "uid")!;
            }
        }

        throw new TimeoutException($"no other VMI than {than} came to run");
    }

    private async Task UntilStatusAsync(string status) =>
        (await KubectlAsync(null, "wait", "vm", Name, $"--for=jsonpath={{.status.printableStatus}}={status}", "--timeout=90s")).Ok();

    private async Task<string> VmiAsync(string path) => (await KubectlAsync(null, "get", "vmi", Name, "-o", $"jsonpath={path}")).Ok();

    private async Task SubresourceAsync(string resource, string verb) => (await KubectlAsync(
        "{}", "replace", "--raw", $"/apis/subresources.kubevirt.io/v1/namespaces/{Namespace}/{resource}/{Name}/{verb}", "-f", "-")).Ok();

    private Task<Tool.Outcome> KubectlAsync(string? input, params string[] command) => cluster.KubectlAsync([.. InNamespace, .. command], input);
}
