using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Disruption;
using Godwit.LocalCluster.Objects;
using Godwit.LocalCluster.Schema;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Keeps one pod of a daemon set on each node that is meant, and saves the templates that it has had.</summary>
public sealed class DaemonSetController : IClusterService
{
    internal const string Resource = "daemonsets.apps";

    private const string Revisions = "controllerrevisions.apps";

    private static readonly ResourceKind Kind = new("apps", "v1", "daemonsets", "DaemonSet", Namespaced: true);

    public string Name => "daemonset-controller";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger<DaemonSetController>();
        using var api = ApiClient.FromKubeconfig(context.KubeconfigPath, context.Time);
        var round = new Round(context, new EventRecorder(api, Name, logger, context.Time));
        var loop = new WorkloadLoop(context, Resource, [Resource, Revisions, "pods", "nodes"], logger);
        await TaskGroup.RunAsync(cancellationToken, round.Events.RunAsync, ct => loop.RunAsync(round.ReconcileAsync, ct));
    }

    private sealed class Round(ClusterContext context, EventRecorder events)
    {
        private readonly ResourceOperations _operations = context.ApiServer.Operations;

        public EventRecorder Events => events;

        public async Task<WorkloadOutcome> ReconcileAsync(JsonObject set, StoreSnapshot state, bool mayTry, CancellationToken cancellationToken)
        {
            var isDeleting = set.At("metadata", "deletionTimestamp") is not null;
            var all = state.List("pods", set.Namespace()).Select(WorkloadPod.Of).ToList();
            var selector = LabelSelector.FromJson(set.At("spec", "selector"));
            var claims = ClaimDecision.Decide(set.Uid(), isDeleting, all.Select(p => new Claim(p.Name, p.Uid, p.Controller, selector.Matches(p.Labels), p.IsDeleting)));
            if (await OwnedObjects.ApplyAsync(_operations, "pods", set, claims, cancellationToken))
            {
                return WorkloadOutcome.Settled;
            }

            var owned = claims.Owned.Select(c => c.Uid).ToHashSet(StringComparer.Ordinal);
            IReadOnlyList<WorkloadPod> pods = [.. all.Where(p => owned.Contains(p.Uid))];
            var saved = state.List(Revisions, set.Namespace()).Select(r => r.ToJsonObject()).Where(r => GuardedPod.ControllerOf(r).Text("uid") == set.Uid()).ToList();
            var revisions = DaemonRevisions.Decide(set, saved, pods);
            if (!isDeleting && mayTry && !await SaveAsync(set, revisions, cancellationToken))
            {
                return WorkloadOutcome.Settled;
            }

            var template = DaemonPods.Pod(set).Deserialize(ObjectsJson.Default.Pod)!;
            var nodes = state.List("nodes").Select(n => DaemonNode.Of(template, n.ToJsonObject().Deserialize(ObjectsJson.Default.Node)!)).ToList();
            var facts = new DaemonSetFacts(set, revisions.Hash, nodes, pods, context.Time.GetUtcNow());
            var plan = DaemonSetDecision.Decide(facts);
            var isFailed = mayTry && !await ApplyAsync(set, plan, revisions.Hash, cancellationToken);
            if (isFailed || !mayTry || plan.Missing.Count + plan.Surplus.Count == 0)
            {
                await WriteAsync(set, DaemonSetDecision.Status(facts), cancellationToken);
            }

            // A pod that has ended is replaced, but not in a circle: as after a failure, each time a little later.
            return new(DaemonSetDecision.NextAvailable(facts), isFailed || (mayTry && plan.Ended.Count > 0));
        }

        private async Task<bool> ApplyAsync(JsonObject set, DaemonSetPlan plan, string hash, CancellationToken cancellationToken)
        {
            var regarding = ObjectReference.To(Kind, set);
            foreach (var pod in plan.Ended)
            {
                var (reason, what) = pod.Phase == "Failed" ? ("FailedDaemonPod", "failed") : ("SucceededDaemonPod", "succeeded");
                events.Warning(regarding, reason, $"Found {what} daemon pod {set.Namespace()}/{pod.Name} on node {pod.Node}, will try to {(what == "failed" ? "kill" : "delete")} it");
            }

            var doing = ("FailedDelete", "Error deleting: ");
            try
            {
                foreach (var pod in plan.Surplus)
                {
                    await OwnedObjects.DeleteAsync(_operations, "pods", set.Namespace(), pod.Name, pod.Uid, cancellationToken);
                    events.Normal(regarding, "SuccessfulDelete", "Deleted pod: " + pod.Name);
                }

                doing = ("FailedCreate", "Error creating: ");
                var generation = set.Text("metadata", "annotations", WorkloadDefaults.TemplateGeneration);
                foreach (var node in plan.Missing)
                {
                    var pod = await _operations.CreateAsync(
                        _operations.Target("pods", set.Namespace(), ""), DaemonPods.For(set, node, hash, generation), RequestOptions.System, cancellationToken);
                    events.Normal(regarding, "SuccessfulCreate", "Created pod: " + pod.Name());
                }

                return true;
            }
            catch (StatusException e) when (OwnedObjects.IsTerminating(e))
            {
                return true;
            }
            catch (Exception e) when (e is StatusException or StoreFullException)
            {
                events.Warning(regarding, doing.Item1, doing.Item2 + e.Message);
                return false;
            }
        }

        // False when another look is needed first.
        private async Task<bool> SaveAsync(JsonObject set, DaemonRevisionPlan plan, CancellationToken cancellationToken)
        {
            if (plan.Creation is { } creation)
            {
                try
                {
                    await _operations.CreateAsync(_operations.Target(Revisions, set.Namespace(), creation.Name()), creation, RequestOptions.System, cancellationToken);
                }
                catch (StatusException e) when (OwnedObjects.IsTerminating(e))
                {
                    return false;
                }
                catch (StatusException e) when (e.Reason == "AlreadyExists")
                {
                    // Another template has this hash: the next one has another.
                    var status = (JsonObject)(set["status"]?.DeepClone() ?? new JsonObject());
                    status["collisionCount"] = (status.Integer("collisionCount") ?? 0) + 1;
                    await WriteAsync(set, status, cancellationToken);
                    return false;
                }
            }

            if (plan.Renumbered is var (revision, number))
            {
                await _operations.ModifyAsync(_operations.Target(Revisions, set.Namespace(), revision.Name()), current =>
                {
                    current["revision"] = number;
                    return current;
                }, RequestOptions.System, cancellationToken);
            }

            foreach (var old in plan.Deletions)
            {
                await OwnedObjects.DeleteAsync(_operations, Revisions, set.Namespace(), old.Name(), old.Uid(), cancellationToken);
            }

            return true;
        }

        private Task WriteAsync(JsonObject set, JsonObject? status, CancellationToken cancellationToken) =>
            OwnedObjects.WriteStatusAsync(_operations, Resource, set, status, cancellationToken);
    }
}
