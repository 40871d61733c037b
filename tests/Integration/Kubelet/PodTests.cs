using System.Text.Json.Nodes;
using Godwit.LocalCluster.Kubelet;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

[Collection(NodeCollection.Name)]
public sealed class PodTests(NodeCluster cluster)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pod_runs_says_where_it_is_and_leaves_nothing()
    {
        await cluster.RunAsync("hello", "echo hello $(hostname); ls /sys/class/net; cat /proc/1/cgroup; sleep 1000");
        var pod = await cluster.ReadyAsync("hello");
        pod.Text("status", "phase").ShouldBe("Running");
        pod.Text("status", "podIP").ShouldNotBeNull().ShouldStartWith("10.174.");
        pod.Text("status", "hostIP").ShouldNotBeNull().ShouldStartWith("10.104.64.");
        await EventuallyAsync(async () => (await cluster.LogAsync("hello", new() { TailLines = 100 })).ShouldStartWith("hello hello\neth0\nlo\n"));
        await cluster.DeleteAsync("hello");
        Remains(pod.Uid()).ShouldBeEmpty();
        (await cluster.Tools.RunAsync("ip", ["netns", "list"], Token)).ShouldNotContain($"gwtest4-pod-{pod.Uid()[..8]}");
        Directory.Exists($"/sys/fs/cgroup/memory/godwit/gwtest4/{pod.Uid()}").ShouldBeFalse();
    }

    [Fact]
    public async Task Exit_codes_and_reasons_are_reported()
    {
        await cluster.RunAsync("fails", "echo last > /dev/termination-log; exit 3");
        var state = NodeCluster.Container(await cluster.PhaseAsync("fails", "Failed"));
        state.Integer("state", "terminated", "exitCode").ShouldBe(3);
        state.Text("state", "terminated", "reason").ShouldBe("Error");
        state.Text("state", "terminated", "message").ShouldBe("last\n");
        await cluster.RunAsync("succeeds", "true");
        NodeCluster.Container(await cluster.PhaseAsync("succeeds", "Succeeded")).Text("state", "terminated", "reason").ShouldBe("Completed");
    }

    [Fact]
    public async Task A_flood_of_output_fills_no_disk_and_who_follows_it_reads_every_line()
    {
        // The reader is there before the flood; the file is replaced once while it reads.
        await cluster.RunAsync("flood", "while [ ! -e /out/flow ]; do sleep 0.1; done; seq 1 300000", spec =>
        {
            spec["volumes"] = HostFolder(cluster.Options.StateDirectory);
            spec["containers"]![0]!["volumeMounts"] = JsonNode.Parse("""[{"name":"out","mountPath":"/out"}]""");
        });
        var uid = (await cluster.ReadyAsync("flood")).Uid();
        var reading = cluster.LogAsync("flood", new() { Follow = true });
        await File.WriteAllTextAsync(Path.Combine(cluster.Options.StateDirectory, "flow"), "", Token);
        (await reading).ShouldBe(string.Concat(Enumerable.Range(1, 300_000).Select(static n => $"{n}\n")));
        var logs = Remains(uid).SelectMany(static folder => Directory.EnumerateFiles(folder, "*.log*", SearchOption.AllDirectories)).Distinct();
        logs.Sum(static log => new FileInfo(log).Length).ShouldBeInRange(1, 11 * 1024 * 1024);
        await cluster.DeleteAsync("flood");
    }

    [Fact]
    public async Task A_deletion_asks_first_and_kills_when_the_grace_is_over()
    {
        await cluster.RunAsync("polite", "trap 'echo bye > /out/bye; exit 0' TERM; echo up; while :; do sleep 0.1; done", spec =>
        {
            spec["volumes"] = HostFolder(cluster.Options.StateDirectory);
            spec["containers"]![0]!["volumeMounts"] = JsonNode.Parse("""[{"name":"out","mountPath":"/out"}]""");
        });
        await cluster.ReadyAsync("polite");
        // Before the trap is set, the first process of a container does not hear the signal.
        await EventuallyAsync(async () => (await cluster.LogAsync("polite")).ShouldBe("up\n"));
        await cluster.DeleteAsync("polite", 30);
        File.ReadAllText(Path.Combine(cluster.Options.StateDirectory, "bye")).ShouldBe("bye\n");
        await cluster.RunAsync("deaf", "trap '' TERM; while :; do sleep 0.1; done");
        await cluster.ReadyAsync("deaf");
        var start = TimeProvider.System.GetTimestamp();
        await cluster.DeleteAsync("deaf", 1);
        TimeProvider.System.GetElapsedTime(start).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task A_pod_that_a_finalizer_holds_ends_and_goes_when_it_is_let_go()
    {
        await cluster.RunAsync("held", "sleep 1000");
        await cluster.Api.PatchAsync(
            NodeCluster.Pods, NodeCluster.Key("held"), PatchKind.Merge, JsonNode.Parse("""{"metadata":{"finalizers":["example.com/hold"]}}""")!, ct: Token);
        var pod = await cluster.ReadyAsync("held");
        await cluster.Api.DeleteAsync(NodeCluster.Pods, NodeCluster.Key("held"), new DeleteOptions { GracePeriodSeconds = 1 }, Token);
        await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("held"), p => p.Text("status", "phase") == "Failed");
        await EventuallyAsync(() =>
        {
            Remains(pod.Uid()).ShouldBeEmpty();
            return Task.CompletedTask;
        });
        await cluster.Api.PatchAsync(
            NodeCluster.Pods, NodeCluster.Key("held"), PatchKind.Merge, JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!, ct: Token);
        await cluster.GoneAsync(NodeCluster.Pods, NodeCluster.Key("held"));
    }

    [Fact]
    public async Task A_pod_starts_within_a_second_of_its_creation()
    {
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            await cluster.RunAsync($"quick{i}", "sleep 1000");
            await cluster.ReadyAsync($"quick{i}");
            var took = TimeProvider.System.GetElapsedTime(start);
            best = took < best ? took : best;
            await cluster.DeleteAsync($"quick{i}", 0);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"created to ready: {best.TotalMilliseconds:0} ms");
        best.ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_second_shorter_deletion_is_heeded()
    {
        await cluster.RunAsync("stubborn", "trap '' TERM; while :; do sleep 0.1; done");
        await cluster.ReadyAsync("stubborn");
        await cluster.Api.DeleteAsync(NodeCluster.Pods, NodeCluster.Key("stubborn"), new DeleteOptions { GracePeriodSeconds = 600 }, Token);
        await cluster.DeleteAsync("stubborn", 1);
    }

    [Fact]
    public async Task Volumes_of_every_kind_are_there()
    {
        await cluster.CreateAsync(NodeCluster.ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cm","namespace":"default"},"data":{"a":"1","b":"2"}}""");
        await cluster.CreateAsync(NodeCluster.Claims, """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"data","namespace":"default"},
             "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Mi"}}}}
            """);
        await cluster.RunAsync("volumes", "cat /cm/a /cm/b /down/name; df -P /mem | tail -1 | cut -d' ' -f1; touch /data/x /scratch/x && ls /data; sleep 1000", spec =>
        {
            spec["volumes"] = JsonNode.Parse("""
                [{"name":"cm","configMap":{"name":"cm"}},{"name":"down","downwardAPI":{"items":[{"path":"name","fieldRef":{"fieldPath":"metadata.name"}}]}},
                 {"name":"mem","emptyDir":{"medium":"Memory","sizeLimit":"4Mi"}},{"name":"scratch","emptyDir":{}},{"name":"data","persistentVolumeClaim":{"claimName":"data"}}]
                """);
            spec["containers"]![0]!["volumeMounts"] = JsonNode.Parse("""
                [{"name":"cm","mountPath":"/cm"},{"name":"down","mountPath":"/down"},{"name":"mem","mountPath":"/mem"},
                 {"name":"scratch","mountPath":"/scratch"},{"name":"data","mountPath":"/data"}]
                """);
        });
        var pod = await cluster.ReadyAsync("volumes");
        await EventuallyAsync(async () => (await cluster.LogAsync("volumes")).ShouldBe("12volumestmpfs\nx\n"));
        var claim = await cluster.Api.GetAsync(NodeCluster.Claims, NodeCluster.Key("data"), ct: Token);
        claim.Text("status", "phase").ShouldBe("Bound");
        await cluster.DeleteAsync("volumes");
        HostMounts.Below(cluster.Options.StateDirectory).ShouldNotContain(m => m.Contains(pod.Uid()));
        await cluster.Api.DeleteAsync(NodeCluster.Claims, NodeCluster.Key("data"), ct: Token);
        await cluster.GoneAsync(NodeCluster.Volumes, NamespacedName.Cluster(claim.Text("spec", "volumeName")!));
        Directory.EnumerateFileSystemEntries(Path.Combine(cluster.Options.StateDirectory, "volumes")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_container_gets_what_its_limits_say()
    {
        await cluster.RunAsync("limits", "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max; id -u; touch /x 2>/dev/null || echo readonly", spec =>
        {
            spec["containers"]![0]!["resources"] = JsonNode.Parse("""{"limits":{"memory":"64Mi"}}""");
            spec["containers"]![0]!["securityContext"] = JsonNode.Parse("""{"runAsUser":1234,"readOnlyRootFilesystem":true}""");
        });
        await cluster.PhaseAsync("limits", "Succeeded");
        (await cluster.LogAsync("limits")).ShouldContain("67108864\n1234\n");
        (await cluster.LogAsync("limits")).ShouldEndWith("readonly\n");
    }

    [Fact]
    public async Task A_pod_that_asks_for_no_rights_has_none_and_still_writes_to_its_volumes()
    {
        await cluster.RunAsync("confined", "sed -nE 's/^(Uid|Gid|Groups|CapBnd|NoNewPrivs|Seccomp):[ \\t]*([0-9a-f]+).*/\\1 \\2/p' /proc/self/status; unshare -U true 2>/dev/null || echo refused; echo x > /out/x; stat -c '%u:%g' /out/x", spec =>
        {
            spec["securityContext"] = JsonNode.Parse("""{"runAsNonRoot":true,"runAsUser":107,"runAsGroup":107,"fsGroup":108,"seccompProfile":{"type":"RuntimeDefault"}}""");
            spec["containers"]![0]!["securityContext"] = JsonNode.Parse("""{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}""");
            spec["containers"]![0]!["volumeMounts"] = JsonNode.Parse("""[{"name":"out","mountPath":"/out"}]""");
            spec["volumes"] = JsonNode.Parse("""[{"name":"out","emptyDir":{}}]""");
        });
        await cluster.PhaseAsync("confined", "Succeeded");
        (await cluster.LogAsync("confined")).ShouldBe("Uid 107\nGid 107\nGroups 108\nCapBnd 0000000000000000\nNoNewPrivs 1\nSeccomp 2\nrefused\n107:108\n");
    }

    [Fact]
    public async Task An_image_that_nobody_has_is_named_with_the_remedy()
    {
        await cluster.RunAsync("noimage", "true", spec => spec["containers"]![0]!["image"] = "registry.invalid/nothing:1");
        var pod = await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("noimage"), p => NodeCluster.Container(p).Text("state", "waiting", "reason") is "ErrImagePull" or "ImagePullBackOff");
        NodeCluster.Container(pod).Text("state", "waiting", "message").ShouldNotBeNull().ShouldContain("godwit image import");
        await cluster.DeleteAsync("noimage");
    }

    [Fact]
    public async Task A_pod_that_fits_nowhere_waits_and_says_why()
    {
        await cluster.RunAsync("huge", "true", spec => spec["containers"]![0]!["resources"] = JsonNode.Parse("""{"requests":{"memory":"9000Gi"}}"""));
        var pod = await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("huge"), p => NodeCluster.Condition(p, "PodScheduled") == "False");
        pod.At("status", "conditions")![0].Text("message").ShouldNotBeNull().ShouldStartWith("0/2 nodes are available: 2 Insufficient memory.");
        await cluster.DeleteAsync("huge");
    }

    [Fact]
    public async Task A_crashing_container_is_started_again_and_its_former_log_kept()
    {
        await cluster.RunAsync("crash", "echo run; exit 1", spec => spec["restartPolicy"] = "Always");
        var pod = await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("crash"), p => NodeCluster.Container(p).Text("state", "waiting", "reason") == "CrashLoopBackOff");
        NodeCluster.Container(pod).Integer("restartCount").ShouldBe(1);
        (await cluster.LogAsync("crash", new() { Previous = true })).ShouldBe("run\n");
        await cluster.DeleteAsync("crash");
    }

    [Fact]
    public async Task A_log_can_be_followed_to_its_end()
    {
        await cluster.RunAsync("talks", "for i in 1 2 3 4 5; do echo $i; sleep 0.2; done");
        await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("talks"), p => p.Text("status", "phase") is "Running" or "Succeeded");
        (await cluster.LogAsync("talks", new() { Follow = true })).ShouldBe("1\n2\n3\n4\n5\n");
        (await cluster.LogAsync("talks", new() { TailLines = 2 })).ShouldBe("4\n5\n");
        (await cluster.LogAsync("talks", new() { LimitBytes = 3 })).ShouldBe("1\n2");
    }

    [Fact]
    public async Task Pods_of_different_nodes_reach_each_other()
    {
        var there = await OnNodeAsync("there", "node02", "sleep 1000");
        await OnNodeAsync("here", "node01", "sleep 1000");
        var netns = $"gwtest4-pod-{(await cluster.Api.GetAsync(NodeCluster.Pods, NodeCluster.Key("here"), ct: Token)).Uid()[..8]}";
        var route = await cluster.Tools.RunAsync("ip", ["-n", netns, "route", "get", there.Text("status", "podIP")!], Token);
        route.ShouldContain("via 10.174.1.1");
        (await cluster.Tools.TryRunAsync("ip", ["netns", "exec", netns, "bash", "-c", $"exec 3<>/dev/tcp/{there.Text("status", "podIP")}/9"], Token))
            .Error.ShouldContain("Connection refused");
    }

    [Fact]
    public async Task A_kubelet_that_is_started_again_takes_up_what_runs_and_what_ended_meanwhile()
    {
        await cluster.RunAsync("stays", "sleep 1000");
        await cluster.RunAsync("ends", "while [ ! -e /out/go ]; do sleep 0.05; done; exit 5", spec =>
        {
            spec["volumes"] = HostFolder(cluster.Options.StateDirectory);
            spec["containers"]![0]!["volumeMounts"] = JsonNode.Parse("""[{"name":"out","mountPath":"/out"}]""");
        });
        var before = NodeCluster.Container(await cluster.ReadyAsync("stays"));
        var ends = await cluster.ReadyAsync("ends");
        await cluster.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(cluster.Options.StateDirectory, "go"), "", Token);
        var id = NodeCluster.Container(ends).Text("containerID");
        var exits = Path.Combine(cluster.Options.StateDirectory, "nodes", ends.Text("spec", "nodeName")!, "exits");
        await EventuallyAsync(() =>
        {
            Directory.EnumerateFiles(exits).Select(f => $"conmon://{Path.GetFileName(f)}").ShouldContain(id);
            return Task.CompletedTask;
        });
        await cluster.StartAsync();
        NodeCluster.Container(await cluster.PhaseAsync("ends", "Failed")).Integer("state", "terminated", "exitCode").ShouldBe(5);
        var after = NodeCluster.Container(await cluster.ReadyAsync("stays"));
        after.Text("containerID").ShouldBe(before.Text("containerID"));
        after.Integer("restartCount").ShouldBe(0);
        await cluster.DeleteAsync("stays");
    }

    private async Task<JsonObject> OnNodeAsync(string name, string node, string script)
    {
        await cluster.RunAsync(name, script, spec => spec["nodeSelector"] = new JsonObject { ["kubernetes.io/hostname"] = node });
        return await cluster.ReadyAsync(name);
    }

    private static JsonArray HostFolder(string path) => [new JsonObject { ["name"] = "out", ["hostPath"] = new JsonObject { ["path"] = path } }];

    private IEnumerable<string> Remains(string uid) => cluster.Options.Nodes
        .Select(n => Path.Combine(cluster.Options.StateDirectory, "nodes", n))
        .SelectMany(n => Directory.EnumerateDirectories(n, $"*{uid}*", SearchOption.AllDirectories));

    /// <summary>A log or a file lags behind the event that told of it by moments.</summary>
    private static async Task EventuallyAsync(Func<Task> check)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                await check();
                return;
            }
            catch (ShouldAssertException) when (!deadline.IsCancellationRequested)
            {
                await Task.Delay(50, Token);
            }
        }
    }
}
