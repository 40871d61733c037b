using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Disruption;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Keeps as many pods of a template as a replica set wants.</summary>
public sealed class ReplicaSetController : IClusterService
{
    internal const string Resource = "replicasets.apps";

    private static readonly ResourceKind Kind = new("apps", "v1", "replicasets", "ReplicaSet", Namespaced: true);

    public string Name => "replicaset-controller";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger<ReplicaSetController>();
        using var api = ApiClient.FromKubeconfig(context.KubeconfigPath, context.Time);
        var round = new Round(context, new EventRecorder(api, Name, logger, context.Time));
        var loop = new WorkloadLoop(context, Resource, [Resource, "pods"], logger);
        await TaskGroup.RunAsync(cancellationToken, round.Events.RunAsync, ct => loop.RunAsync(round.ReconcileAsync, ct));
    }

    private sealed class Round(ClusterContext context, EventRecorder events)
    {
        private readonly ResourceOperations _operations = context.ApiServer.Operations;

        public EventRecorder Events => events;

        public async Task<WorkloadOutcome> ReconcileAsync(JsonObject set, StoreSnapshot state, bool mayTry, CancellationToken cancellationToken)
        {
            var all = state.List("pods", set.Namespace()).Select(WorkloadPod.Of).ToList();
            var selector = LabelSelector.FromJson(set.At("spec", "selector"));
            var claims = ClaimDecision.Decide(set.Uid(), set.At("metadata", "deletionTimestamp") is not null,
                all.Where(p => !p.IsFinished || p.Controller == set.Uid()).Select(p => new Claim(p.Name, p.Uid, p.Controller, selector.Matches(p.Labels), p.IsDeleting)));
            if (await OwnedObjects.ApplyAsync(_operations, "pods", set, claims, cancellationToken))
            {
                // The pods as they are now come with the next look.
                return WorkloadOutcome.Settled;
            }

            var owned = claims.Owned.Select(c => c.Uid).ToHashSet(StringComparer.Ordinal);
            var facts = new ReplicaSetFacts(set, [.. all.Where(p => owned.Contains(p.Uid))], context.Time.GetUtcNow()) { Crowd = Crowd(set, state, all) };
            var plan = ReplicaSetDecision.Decide(facts);
            var failure = mayTry ? await CreateAsync(set, plan.Missing, cancellationToken) : null;
            failure ??= await DeleteAsync(set, plan.Surplus, cancellationToken);
            if (failure is not null || (mayTry ? plan.Missing : 0) + plan.Surplus.Count == 0)
            {
                await WriteAsync(set, ReplicaSetDecision.Status(facts, failure, mayTry), cancellationToken);
            }

            return new(ReplicaSetDecision.NextAvailable(facts), failure is not null);
        }

        // What stops one stops the others of the same template too.
        private async Task<(string Reason, string Message)?> CreateAsync(JsonObject set, int count, CancellationToken cancellationToken)
        {
            for (var i = 0; i < count; i++)
            {
                try
                {
                    var pod = await _operations.CreateAsync(_operations.Target("pods", set.Namespace(), ""), PodTemplates.Pod(set, set.At("spec", "template")), RequestOptions.System, cancellationToken);
                    events.Normal(ObjectReference.To(Kind, set), "SuccessfulCreate", "Created pod: " + pod.Name());
                }
                catch (StatusException e) when (OwnedObjects.IsTerminating(e))
                {
                    // All of the namespace goes, and the set with it.
                    return null;
                }
                catch (Exception e) when (e is StatusException or StoreFullException)
                {
                    events.Warning(ObjectReference.To(Kind, set), "FailedCreate", "Error creating: " + e.Message);
                    return ("FailedCreate", e.Message);
                }
            }

            return null;
        }

        private async Task<(string Reason, string Message)?> DeleteAsync(JsonObject set, IReadOnlyList<WorkloadPod> pods, CancellationToken cancellationToken)
        {
            foreach (var pod in pods)
            {
                try
                {
                    await OwnedObjects.DeleteAsync(_operations, "pods", set.Namespace(), pod.Name, pod.Uid, cancellationToken);
                    events.Normal(ObjectReference.To(Kind, set), "SuccessfulDelete", "Deleted pod: " + pod.Name);
                }
                catch (Exception e) when (e is StatusException or StoreFullException)
                {
                    events.Warning(ObjectReference.To(Kind, set), "FailedDelete", "Error deleting: " + e.Message);
                    return ("FailedDelete", e.Message);
                }
            }

            return null;
        }

        private Task WriteAsync(JsonObject set, JsonObject? status, CancellationToken cancellationToken) =>
            OwnedObjects.WriteStatusAsync(_operations, Resource, set, status, cancellationToken);

        // During a rollout the sets of a deployment thin out the nodes together.
        private static Dictionary<string, int> Crowd(JsonObject set, StoreSnapshot state, List<WorkloadPod> pods)
        {
            var sets = new HashSet<string>(StringComparer.Ordinal) { set.Uid() };
            if (GuardedPod.ControllerOf(set).Text("uid") is { } owner)
            {
                sets.UnionWith(state.List(Resource, set.Namespace()).Select(s => s.ToJsonObject()).Where(s => GuardedPod.ControllerOf(s).Text("uid") == owner).Select(s => s.Uid()));
            }

            return pods.Where(p => p is { IsActive: true, Controller: { } c, Node.Length: > 0 } && sets.Contains(c))
                .GroupBy(p => p.Node, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        }
    }
}
