using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Disruption;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Leads the pods of a deployment from one template to the next, by a replica set for each.</summary>
public sealed class DeploymentController : IClusterService
{
    internal const string Resource = "deployments.apps";

    private static readonly ResourceKind Kind = new("apps", "v1", "deployments", "Deployment", Namespaced: true);

    public string Name => "deployment-controller";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger<DeploymentController>();
        using var api = ApiClient.FromKubeconfig(context.KubeconfigPath, context.Time);
        var round = new Round(context, new EventRecorder(api, Name, logger, context.Time));
        var loop = new WorkloadLoop(context, Resource, [Resource, ReplicaSetController.Resource, "pods"], logger);
        await TaskGroup.RunAsync(cancellationToken, round.Events.RunAsync, ct => loop.RunAsync(round.ReconcileAsync, ct));
    }

    private sealed class Round(ClusterContext context, EventRecorder events)
    {
        private readonly ResourceOperations _operations = context.ApiServer.Operations;

        public EventRecorder Events => events;

        public async Task<WorkloadOutcome> ReconcileAsync(JsonObject deployment, StoreSnapshot state, bool mayTry, CancellationToken cancellationToken)
        {
            if (!mayTry)
            {
                return WorkloadOutcome.Settled;
            }

            var sets = state.List(ReplicaSetController.Resource, deployment.Namespace()).Select(s => s.ToJsonObject()).ToList();
            var selector = LabelSelector.FromJson(deployment.At("spec", "selector"));
            var claims = ClaimDecision.Decide(deployment.Uid(), deployment.At("metadata", "deletionTimestamp") is not null, sets.Select(s => new Claim(
                s.Name(), s.Uid(), GuardedPod.ControllerOf(s).Text("uid"), selector.Matches(s.Labels()), s.At("metadata", "deletionTimestamp") is not null)));
            if (await OwnedObjects.ApplyAsync(_operations, ReplicaSetController.Resource, deployment, claims, cancellationToken))
            {
                return WorkloadOutcome.Settled;
            }

            var owned = claims.Owned.Select(c => c.Uid).ToHashSet(StringComparer.Ordinal);
            var facts = new DeploymentFacts(deployment, [.. sets.Where(s => owned.Contains(s.Uid()))], context.Time.GetUtcNow())
            {
                SetsWithPods = state.List("pods", deployment.Namespace()).Select(WorkloadPod.Of)
                    .Where(p => !p.IsFinished && p.Controller is { } c && owned.Contains(c)).Select(p => p.Controller!).ToHashSet(StringComparer.Ordinal),
            };
            var plan = DeploymentDecision.Decide(facts);
            if (plan.Creation is not null && !await CreateAsync(deployment, plan.Creation, facts.Now, cancellationToken))
            {
                return WorkloadOutcome.Settled;
            }

            foreach (var set in plan.Changes)
            {
                await ChangeAsync(set, cancellationToken);
            }

            foreach (var scaling in plan.Scalings)
            {
                events.Normal(ObjectReference.To(Kind, deployment), "ScalingReplicaSet", scaling);
            }

            foreach (var set in plan.Deletions)
            {
                await OwnedObjects.DeleteAsync(_operations, ReplicaSetController.Resource, deployment.Namespace(), set.Name, set.Uid, cancellationToken);
            }

            await WriteAsync(plan.Deployment, cancellationToken);
            return new(plan.LookAgainAt);
        }

        // Only what is a deployment's to decide: the set's own controller may have written the status meanwhile.
        private Task<JsonObject> ChangeAsync(JsonObject set, CancellationToken cancellationToken) =>
            _operations.ModifyAsync(_operations.Target(ReplicaSetController.Resource, set.Namespace(), set.Name()), current =>
            {
                current.Ensure("metadata")["annotations"] = set.At("metadata", "annotations")?.DeepClone();
                foreach (var name in (string[])["replicas", "minReadySeconds"])
                {
                    if (set.At("spec", name) is { } value)
                    {
                        current.Ensure("spec")[name] = value.DeepClone();
                    }
                }

                return current;
            }, RequestOptions.System, cancellationToken);

        // False when another look is needed first.
        private async Task<bool> CreateAsync(JsonObject deployment, JsonObject set, DateTimeOffset now, CancellationToken cancellationToken)
        {
            try
            {
                await _operations.CreateAsync(_operations.Target(ReplicaSetController.Resource, set.Namespace(), set.Name()), set, RequestOptions.System, cancellationToken);
                return true;
            }
            catch (StatusException e) when (OwnedObjects.IsTerminating(e))
            {
                return false;
            }
            catch (StatusException e) when (e.Reason == "AlreadyExists")
            {
                // Another template has this hash, or the set belongs to somebody else: the next one has another hash.
                var changed = deployment.Clone();
                changed.Ensure("status")["collisionCount"] = (deployment.Integer("status", "collisionCount") ?? 0) + 1;
                await WriteAsync(changed, cancellationToken);
                return false;
            }
            catch (StatusException e)
            {
                var why = $"Failed to create new replica set \"{set.Name()}\": {e.Message}";
                events.Warning(ObjectReference.To(Kind, deployment), DeploymentConditions.CreateError, why);
                var changed = deployment.Clone();
                DeploymentConditions.Set(changed.Ensure("status"), DeploymentConditions.Progressing, "False", DeploymentConditions.CreateError, why, now);
                await WriteAsync(changed, cancellationToken);
                throw;
            }
        }

        private async Task WriteAsync(JsonObject? deployment, CancellationToken cancellationToken)
        {
            if (deployment is not null)
            {
                await _operations.ModifyAsync(
                    _operations.Target(Resource, deployment.Namespace(), deployment.Name(), "status"), _ => deployment.Clone(), RequestOptions.System, cancellationToken);
            }
        }
    }
}
