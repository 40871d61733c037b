extern alias stock;

using Shouldly;
using stock::k8s;
using stock::k8s.LeaderElection;
using stock::k8s.LeaderElection.ResourceLock;
using stock::k8s.Models;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>The stock client of C#, which others write their controllers with.</summary>
public sealed class StockClientTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_listed_is_what_was_created_and_patched()
    {
        using var client = Client();
        var ns = await cluster.NamespaceAsync();
        await client.CoreV1.CreateNamespacedConfigMapAsync(Map("a"), ns, cancellationToken: Stop);
        await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"data":{"x":"y"}}""", V1Patch.PatchType.MergePatch), "a", ns, cancellationToken: Stop);
        await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""[{"op":"add","path":"/data/j","value":"k"}]""", V1Patch.PatchType.JsonPatch), "a", ns, cancellationToken: Stop);
        await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"data":{"s":"t"}}""", V1Patch.PatchType.StrategicMergePatch), "a", ns, cancellationToken: Stop);
        var listed = (await client.CoreV1.ListNamespacedConfigMapAsync(ns, fieldSelector: "metadata.name=a", cancellationToken: Stop)).Items.ShouldHaveSingleItem();
        listed.Data.Keys.Order().ShouldBe(["j", "s", "x"]);
    }

    [Fact]
    public async Task Who_applies_owns_what_was_applied()
    {
        using var client = Client();
        var ns = await cluster.NamespaceAsync();
        var wanted = Map("a");
        wanted.Data = new Dictionary<string, string> { ["x"] = "y" };
        var applied = await client.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch(wanted, V1Patch.PatchType.ApplyPatch), "a", ns, fieldManager: "me", force: true, cancellationToken: Stop);
        var owner = applied.Metadata.ManagedFields.ShouldHaveSingleItem();
        (owner.Manager, owner.Operation).ShouldBe(("me", "Apply"));
    }

    [Fact]
    public async Task A_watch_tells_of_each_change_in_order()
    {
        using var client = Client();
        var ns = await cluster.NamespaceAsync();
        var from = (await client.CoreV1.ListNamespacedConfigMapAsync(ns, labelSelector: "watched=yes", cancellationToken: Stop)).Metadata.ResourceVersion;
        var map = Map("a");
        map.Metadata.Labels = new Dictionary<string, string> { ["watched"] = "yes" };
        await client.CoreV1.CreateNamespacedConfigMapAsync(map, ns, cancellationToken: Stop);
        await client.CoreV1.DeleteNamespacedConfigMapAsync("a", ns, cancellationToken: Stop);
        var seen = new List<WatchEventType>();
        await foreach (var (type, _) in client.CoreV1.WatchListNamespacedConfigMapAsync(ns, labelSelector: "watched=yes", resourceVersion: from, cancellationToken: Stop))
        {
            seen.Add(type);
            if (seen.Count == 2)
            {
                break;
            }
        }

        seen.ShouldBe([WatchEventType.Added, WatchEventType.Deleted]);
    }

    [Fact]
    public async Task One_of_two_leads_and_the_other_follows_when_it_stops()
    {
        using var client = Client();
        var ns = await cluster.NamespaceAsync();
        using var first = Elector(client, ns, "one");
        using var second = Elector(client, ns, "two");
        using var stopFirst = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var stopSecond = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var (firstLeads, secondLeads) = (new TaskCompletionSource(), new TaskCompletionSource());
        first.OnStartedLeading += firstLeads.SetResult;
        second.OnStartedLeading += secondLeads.SetResult;
        var leading = first.RunUntilLeadershipLostAsync(stopFirst.Token);
        await firstLeads.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        var waiting = second.RunUntilLeadershipLostAsync(stopSecond.Token);
        secondLeads.Task.IsCompleted.ShouldBeFalse();
        await stopFirst.CancelAsync();
        await secondLeads.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
        (await client.CoordinationV1.ReadNamespacedLeaseAsync("leader", ns, cancellationToken: Stop)).Spec.HolderIdentity.ShouldBe("two");
        await stopSecond.CancelAsync();
        await Task.WhenAll(leading, waiting).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private static LeaderElector Elector(Kubernetes client, string ns, string name) => new(new LeaderElectionConfig(new LeaseLock(client, ns, "leader", name))
    {
        LeaseDuration = TimeSpan.FromSeconds(3),
        RenewDeadline = TimeSpan.FromSeconds(2),
        RetryPeriod = TimeSpan.FromMilliseconds(200),
    });

    private static V1ConfigMap Map(string name) => new() { Metadata = new V1ObjectMeta { Name = name } };

    private Kubernetes Client() => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(cluster.Kubeconfig));
}
