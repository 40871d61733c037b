using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Disruption;

/// <summary>Writes into PodDisruptionBudgets how many of their pods are healthy and how many may be evicted now.</summary>
public sealed partial class DisruptionController : IClusterService
{
    private static readonly string[] Budgets = [BudgetStatus.Resource];
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    public string Name => "disruption";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger<DisruptionController>();
        var operations = context.ApiServer.Operations;
        while (true)
        {
            var state = operations.Store.Snapshot;
            var now = context.Time.GetUtcNow();
            var scales = new ControllerScales(operations.Registry, state);
            DateTimeOffset? again = null;
            var budgets = state.List(BudgetStatus.Resource).Select(b => b.ToJsonObject()).ToList();
            foreach (var budget in budgets)
            {
                var plan = DisruptionDecision.Decide(Gather(budget, state, scales, now));
                again = Earlier(again, plan.LookAgainAt);
                if (plan.Status is not null && !await WriteAsync(operations, budget, plan.Status, logger, cancellationToken))
                {
                    again = Earlier(again, now + RetryDelay);
                }
            }

            IReadOnlyList<string> inputs = budgets.Count == 0 ? Budgets : [BudgetStatus.Resource, "pods", .. scales.Resources];
            await WaitAsync(operations.Store, inputs, state.Revision, again, context.Time, cancellationToken);
        }
    }

    private static DisruptionFacts Gather(JsonObject budget, StoreSnapshot state, ControllerScales scales, DateTimeOffset now)
    {
        LabelSelector selector;
        try
        {
            selector = LabelSelector.FromJson(budget.At("spec", "selector"));
        }
        catch (SelectorException e)
        {
            return new(budget, now) { Problem = e.Message };
        }

        var pods = state.List("pods", budget.Namespace()).Where(p => selector.Matches(p.Labels)).Select(p => p.ToJsonObject()).ToList();
        var wanted = new Dictionary<string, ControllerScale>(StringComparer.Ordinal);
        foreach (var owner in pods.Select(GuardedPod.ControllerOf).OfType<JsonObject>())
        {
            if (owner.Text("uid") is { } uid && !wanted.ContainsKey(uid))
            {
                wanted[uid] = scales.Of(owner, budget.Namespace());
            }
        }

        return new(budget, now) { Pods = [.. pods.Select(GuardedPod.Of)], Scales = wanted };
    }

    // Only over the revision that was looked at: an eviction may have taken from the budget meanwhile.
    private static async Task<bool> WriteAsync(ResourceOperations operations, JsonObject budget, JsonObject status, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            await operations.ModifyAsync(operations.Target(BudgetStatus.Resource, budget.Namespace(), budget.Name(), "status"), _ =>
            {
                var changed = budget.Clone();
                changed["status"] = status.DeepClone();
                return changed;
            }, RequestOptions.System, cancellationToken);
            return true;
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            // Deleted or changed meanwhile: that change brings the next look.
            return true;
        }
        catch (Exception e) when (e is StatusException or StoreFullException)
        {
            LogFailed(logger, budget.Key(), e.Message);
            return false;
        }
    }

    private static async Task WaitAsync(
        ObjectStore store, IReadOnlyList<string> inputs, long revision, DateTimeOffset? until, TimeProvider time, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changed = store.WaitForChangeAsync(inputs, revision, stop.Token);
        if (until is not { } end)
        {
            await changed;
            return;
        }

        var left = end - time.GetUtcNow();
        await Task.WhenAny(changed, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, stop.Token));
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;

    [LoggerMessage(70, LogLevel.Warning, "The status of the disruption budget {Budget} cannot be written: {Reason}; trying again")]
    private static partial void LogFailed(ILogger logger, NamespacedName budget, string reason);
}
