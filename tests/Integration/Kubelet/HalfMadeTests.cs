using System.Text.Json.Nodes;
using Godwit.LocalCluster.Kubelet;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

/// <summary>A kubelet that was killed between the making of a container and its start, in a pod that restarts nothing.</summary>
[Collection(NodeCollection.Name)]
public sealed class HalfMadeTests(NodeCluster cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_container_that_had_not_been_made_to_its_end_is_made_anew() => RunsAfterAsync(
        "halfmade", static (runtime, record) =>
        {
            runtime.Save(record with { StartedAt = null, Pid = 0, PidStartTime = 0 });
            return Task.CompletedTask;
        });

    [Fact]
    public Task A_container_that_had_been_made_but_waits_for_its_start_is_made_anew() => RunsAfterAsync(
        "unstarted", async (runtime, record) =>
        {
            var folder = new KubeletPaths(cluster.Options.Name, cluster.Options.StateDirectory, NodeOf(record)).Container(record.Id);
            var spec = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "config.json"), Token))!.AsObject();
            var made = await runtime.CreateAsync(record with { StartedAt = null }, spec, tty: false, Token);
            runtime.Save(made with { StartedAt = record.StartedAt });
        });

    [Fact]
    public async Task A_pod_that_is_deleted_meanwhile_leaves_nothing_of_its_half_made_container()
    {
        var (pod, runtime, record) = await BreakOffAsync("dropped");
        runtime.Save(record with { StartedAt = null, Pid = 0, PidStartTime = 0 });
        await cluster.StartAsync();
        await cluster.DeleteAsync("dropped");
        var uid = pod.Text("metadata", "uid");
        runtime.Records().ShouldNotContain(r => r.PodUid == uid);
        runtime.LivingConmon(record.Id).ShouldBeNull();
    }

    private async Task RunsAfterAsync(string name, Func<ContainerRuntime, ContainerRecord, Task> leave)
    {
        var (_, runtime, record) = await BreakOffAsync(name);
        File.Delete(record.LogPath);
        await leave(runtime, record);
        await cluster.StartAsync();

        // Nothing else tells that it runs anew: what the server has of the pod is from before, and may be the same again.
        using var deadline = new CancellationTokenSource(Limit);
        while (!File.Exists(record.LogPath) || !(await File.ReadAllTextAsync(record.LogPath, Token)).Contains("ran", StringComparison.Ordinal))
        {
            var pod = await cluster.Api.GetAsync(NodeCluster.Pods, NodeCluster.Key(name), ct: Token);
            pod.Text("status", "phase").ShouldBe("Running");
            deadline.IsCancellationRequested.ShouldBeFalse("it was not let run");
            await Task.Delay(20, Token);
        }

        NodeCluster.Container(await cluster.ReadyAsync(name)).Integer("restartCount").ShouldBe(0);
        await cluster.DeleteAsync(name, grace: 0);
    }

    /// <summary>Starts a pod, ends the kubelet, then takes away what was made of the container; the record is left as it was.</summary>
    private async Task<(JsonObject Pod, ContainerRuntime Runtime, ContainerRecord Record)> BreakOffAsync(string name)
    {
        await cluster.RunAsync(name, "echo ran; sleep 1000");
        var pod = await cluster.ReadyAsync(name);
        await cluster.StopAsync();
        var paths = new KubeletPaths(cluster.Options.Name, cluster.Options.StateDirectory, pod.Text("spec", "nodeName")!);
        var runtime = new ContainerRuntime(cluster.Tools, paths, TimeProvider.System);
        var record = runtime.Records().Single(r => r.PodUid == pod.Text("metadata", "uid"));
        await runtime.DeleteAsync(record.Id, Token);
        using var deadline = new CancellationTokenSource(Limit);
        while (runtime.LivingConmon(record.Id) is not null)
        {
            await Task.Delay(20, deadline.Token);
        }

        File.Delete(Path.Combine(paths.Exits, record.Id));
        return (pod, runtime, record);
    }

    private string NodeOf(ContainerRecord record) => cluster.Options.Nodes.Single(
        node => Directory.Exists(new KubeletPaths(cluster.Options.Name, cluster.Options.StateDirectory, node).Container(record.Id)));
}
