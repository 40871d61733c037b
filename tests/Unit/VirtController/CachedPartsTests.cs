using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Godwit.Types;
using Godwit.VirtController;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

/// <summary>
/// virt-controller keeps parts of objects only. Each rule that is asked about them has to say of the part what it says of the whole:
/// whoever reads one more field, or keeps one less, fails here.
/// </summary>
public sealed class CachedPartsTests
{
    /// <summary>Some states are rare.</summary>
    private const int Many = 20_000;

    [Fact]
    public void The_rules_for_VMIs_decide_by_the_parts_as_by_the_whole() =>
        Gen.Select(WholeObjects.Vmi, WholeObjects.Pods).Sample(
            (vmi, pods) => Same(vmi, pods, static (vmi, pods) => Text(VmiDecisions.Decide(new VmiFacts
            {
                Vmi = vmi,
                Pods = [.. pods.OrderBy(static pod => pod.Metadata.CreationTimestamp)],
                LiveMigrations = ["m1"],
                Wall = Given.Now,
            }))),
            iter: Many);

    [Theory]
    [InlineData(MigrationPhases.Pending)]
    [InlineData(MigrationPhases.Scheduling)]
    [InlineData(MigrationPhases.Scheduled)]
    [InlineData(MigrationPhases.PreparingTarget)]
    [InlineData(MigrationPhases.Running)]
    [InlineData(MigrationPhases.Succeeded)]
    [InlineData(MigrationPhases.Failed)]
    public void The_rules_for_migrations_decide_by_the_parts_as_by_the_whole(string phase) =>
        Gen.Select(WholeObjects.Vmi, WholeObjects.Pods.Where(static pods => pods.Length > 0)).Sample(
            (vmi, pods) => Same(vmi, pods, (vmi, pods) => Text(MigrationDecisions.Decide(new MigrationFacts
            {
                Migration = Given.Migration(phase),
                Vmi = vmi,
                TargetPod = pods[^1],
                OwnerPod = VmiDecisions.Owner(vmi, pods),
                UnfinishedPods = Forwarders.Unfinished(vmi, pods),
                LivePods = [.. pods.Where(static pod => !pod.IsFinished()).Select(static pod => pod.Metadata.Uid!)],
                Wall = Given.Now,
            }))),
            iter: Many / 4);

    [Fact]
    public void What_else_is_asked_about_pods_is_answered_by_the_parts_as_by_the_whole() =>
        Gen.Select(WholeObjects.Vmi, WholeObjects.Pods).Sample(
            (vmi, pods) => Same(vmi, pods, static (vmi, pods) => string.Join('\n', pods
                .Select(static pod => $"{Caches.VmiOf(pod)} {pod.Metadata.Label(Labels.CreatedBy)} {pod.Key()} {pod.Metadata.CreationTimestamp:O} {pod.Spec?.NodeName} {pod.IsReady()}")
                .Append($"{NodeDecisions.IsLost(vmi, "node01", pods)}"))));

    [Fact]
    public void A_mark_on_a_pod_is_the_same_write_from_the_part_as_from_the_whole() =>
        Gen.Select(WholeObjects.Vmi, WholeObjects.Pods).Sample((vmi, pods) => Same(vmi, pods, static (_, pods) => string.Join('\n', pods.SelectMany(
            static pod => new[]
            {
                pod.Metadata with { Labels = pod.Metadata.Labels.With(Labels.Forwarder, "m9") },
                pod.Metadata with { Annotations = pod.Metadata.Annotations.With(Annotations.MigrationTargetReady, "now") },
                pod.Metadata with { Annotations = pod.Metadata.Annotations.With(Annotations.EvictionInProgress, "true") },
                pod.Metadata with { Annotations = pod.Metadata.Annotations.Without(Annotations.EvictionInProgress) },
            }.Select(metadata => ApiObjects.Patch(pod, pod with { Metadata = metadata }, TypesJson.Default.Pod)?.ToJsonString())))));

    [Fact]
    public void What_is_asked_about_nodes_is_answered_by_the_parts_as_by_the_whole() =>
        Gen.Select(WholeObjects.Vmi, WholeObjects.Node).Sample(
            (vmi, node) =>
            {
                Answers(vmi, CachedParts.Of(node)).ShouldBe(Answers(vmi, node));
                Answers(CachedParts.Of(vmi), node).ShouldBe(Answers(vmi, node));
            },
            iter: Many);

    [Fact]
    public void Of_a_pod_no_more_is_kept_than_is_read()
    {
        var pod = JsonSerializer.Deserialize(
            """
            {"apiVersion":"v1","kind":"Pod",
             "metadata":{"name":"p","generateName":"p-","namespace":"n","uid":"u","resourceVersion":"7","generation":1,"labels":{"a":"b"},"annotations":{"c":"d"},
               "managedFields":[{"manager":"kubelet"}],"ownerReferences":[{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","name":"v","uid":"w","controller":true,"blockOwnerDeletion":true}]},
             "spec":{"nodeName":"node01","hostname":"h","containers":[{"name":"compute","image":"i","args":["x"]},{"name":"beside","image":"j"}],"volumes":[{"name":"v"}],"priority":0},
             "status":{"phase":"Running","podIP":"10.0.0.1","hostIPs":[{"ip":"10.0.0.2"}],"conditions":[{"type":"Initialized","status":"True"},{"type":"Ready","status":"True","lastTransitionTime":"2026-03-22T10:00:00Z"}],
               "containerStatuses":[{"name":"compute","ready":true,"imageID":"i","lastState":{},"state":{"running":{"startedAt":"2026-03-22T10:00:00Z"}}}]}}
            """,
            TypesJson.Default.Pod)!;
        Json(JsonSerializer.SerializeToNode(CachedParts.Of(pod), TypesJson.Default.Pod)).ShouldBe(Json(JsonNode.Parse(
            """
            {"metadata":{"name":"p","namespace":"n","uid":"u","resourceVersion":"7","labels":{"a":"b"},"annotations":{"c":"d"},
               "ownerReferences":[{"kind":"VirtualMachineInstance","name":"v","uid":"w","controller":true}]},
             "spec":{"containers":[{"name":"compute","image":"i"}],"nodeName":"node01"},
             "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
               "containerStatuses":[{"name":"compute","ready":true,"state":{"running":{}}}]}}
            """)));
    }

    private static void Same(
        VirtualMachineInstance vmi, Pod[] pods, Func<VirtualMachineInstance, IReadOnlyList<Pod>, string> rule)
    {
        var whole = rule(vmi.WithoutManagedFields(), pods);
        rule(CachedParts.Of(vmi), [.. pods.Select(CachedParts.Of)]).ShouldBe(whole);
    }

    private static string Answers(VirtualMachineInstance vmi, Node node)
    {
        var selector = TargetSelector.ForMigration(vmi, added: null, node);
        return string.Join(
            '\n',
            [
                $"{node.Key()} {NodeDecisions.IsGone(node)} {new Heartbeats(new FakeTimeProvider(Given.Now)).Silence(node)} {node.Metadata.Label(Labels.Schedulable)}",
                $"{node.Status?.Allocatable?.ContainsKey(Launcher.UserfaultfdDevice) == true}",
                $"{ContainerDiskDecision.Decide(new ImageVolumeFacts { Kept = true, ServerMinor = 36, Nodes = [node] })}",
                $"{EvacuationDecisions.Decide(vmi, node, [], 1, Given.Cluster) is null}",
                .. Readiness.Of([], [node], new Heartbeats(new FakeTimeProvider(Given.Now)).Silence) is var readiness ? readiness.Lacking.Concat(readiness.Silent) : [],
                .. selector.Select(static pair => $"{pair.Key}={pair.Value}"),
                .. NodeFit.Judge(new NodeFitFacts { Node = node, SourceNode = vmi.Status?.NodeName, Selector = selector, Tolerations = [new Toleration { Key = Taints.Drain, Operator = "Equal", Value = "3" }] }),
            ]);
    }

    private static string Text(VmiPlan plan) => string.Join(
        '\n',
        [
            Json(JsonSerializer.SerializeToNode(CachedParts.Of(plan.Vmi), TypesJson.Default.VirtualMachineInstance)),
            $"{plan.CreatePod} {plan.Again} {string.Join(' ', plan.DeletePods.Select(static pod => pod.Metadata.Uid))}",
            $"{plan.Forwarder?.Pod.Metadata.Uid} {plan.Forwarder?.Migration} {plan.Forwarder?.GraceSeconds} {plan.Forwarder?.Event}",
            .. plan.Events.Select(static one => $"{one}"),
        ]);

    private static string Text(MigrationPlan plan) => string.Join(
        '\n',
        [
            Json(JsonSerializer.SerializeToNode(plan.Migration, TypesJson.Default.VirtualMachineInstanceMigration)),
            plan.Vmi is null ? "" : Json(JsonSerializer.SerializeToNode(CachedParts.Of(plan.Vmi), TypesJson.Default.VirtualMachineInstance)),
            $"{plan.CreateTargetPod} {plan.CreateCredentials} {plan.DeleteCredentials} {plan.DeleteTargetPod} {plan.TargetReadyAt:O} {plan.DeleteMigrations.Count} {plan.Again}",
            .. plan.Events.Select(static one => $"{one}"),
        ]);

    private static string Json(JsonNode? node) => node!.ToJsonString();
}
