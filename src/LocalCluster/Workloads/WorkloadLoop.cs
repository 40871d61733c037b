using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Workloads;

/// <summary>
/// Looks at all objects of a kind whenever something changed that they depend on. It reads the store itself, which shows every
/// write of ours at once: nothing is created twice because a cache is behind.
/// </summary>
internal sealed partial class WorkloadLoop(ClusterContext context, string resource, IReadOnlyList<string> inputs, ILogger logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Trouble> _troubles = new(StringComparer.Ordinal);

    /// <summary>Looks at one object as it is now. The flag is false while what was refused is not to be tried again yet.</summary>
    public delegate Task<WorkloadOutcome> Reconcile(JsonObject workload, StoreSnapshot state, bool mayTry, CancellationToken cancellationToken);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(Reconcile reconcile, CancellationToken cancellationToken)
    {
        var store = context.ApiServer.Operations.Store;
        while (true)
        {
            var state = store.Snapshot;
            var seen = new HashSet<string>(StringComparer.Ordinal);
            DateTimeOffset? again = null;
            foreach (var stored in state.List(resource))
            {
                // What was done for the ones before may matter here.
                var now = store.Snapshot;
                if (now.Get(stored.Key)?.ToJsonObject() is { } workload)
                {
                    seen.Add(workload.Uid());
                    again = Times.Earlier(again, await LookAsync(reconcile, workload, now, cancellationToken));
                }
            }

            foreach (var gone in _troubles.Keys.Where(uid => !seen.Contains(uid)).ToList())
            {
                _troubles.Remove(gone);
            }

            await WaitAsync(store, seen.Count == 0 ? [resource] : inputs, state.Revision, again, cancellationToken);
        }
    }

    private async Task<DateTimeOffset?> LookAsync(Reconcile reconcile, JsonObject workload, StoreSnapshot state, CancellationToken cancellationToken)
    {
        var uid = workload.Uid();
        var generation = workload.Integer("metadata", "generation") ?? 0;
        var trouble = _troubles.GetValueOrDefault(uid);
        var mayTry = trouble is null || trouble.Generation != generation || trouble.Until <= context.Time.GetUtcNow();
        WorkloadOutcome outcome;
        try
        {
            outcome = await reconcile(workload, state, mayTry, cancellationToken);
        }
        catch (StatusException e) when (e.Reason is "NotFound" or "Conflict")
        {
            // Somebody changed or deleted something meanwhile: that change brings the next look.
            LogOvertaken(logger, resource, workload.Key(), e.Message);
            return null;
        }
        catch (Exception e) when (e is StatusException or StoreFullException or SelectorException)
        {
            LogFailed(logger, resource, workload.Key(), e.Message);
            outcome = new(null, HasFailed: true);
        }

        if (outcome.HasFailed && mayTry)
        {
            var failures = trouble is null || trouble.Generation != generation ? 0 : trouble.Failures;
            _troubles[uid] = trouble = new(generation, failures + 1, context.Time.GetUtcNow() + Delay(failures));
        }
        else if (mayTry)
        {
            _troubles.Remove(uid);
            trouble = null;
        }

        return Times.Earlier(outcome.LookAgainAt, trouble?.Until);
    }

    /// <summary>How long to wait after so many failures before.</summary>
    internal static TimeSpan Delay(int failures) =>
        TimeSpan.FromMilliseconds(Math.Min(LongestDelay.TotalMilliseconds, FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 30))));

    private async Task WaitAsync(ObjectStore store, IReadOnlyList<string> resources, long revision, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changed = store.WaitForChangeAsync(resources, revision, stop.Token);
        if (until is not { } end)
        {
            await changed;
            return;
        }

        var left = end - context.Time.GetUtcNow();
        await Task.WhenAny(changed, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, context.Time, stop.Token));
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private sealed record Trouble(long Generation, int Failures, DateTimeOffset Until);

    [LoggerMessage(90, LogLevel.Debug, "{Resource} {Key} changed meanwhile: {Reason}")]
    private static partial void LogOvertaken(ILogger logger, string resource, NamespacedName key, string reason);

    [LoggerMessage(91, LogLevel.Warning, "{Resource} {Key} cannot be brought about: {Reason}; trying again")]
    private static partial void LogFailed(ILogger logger, string resource, NamespacedName key, string reason);
}
