using Microsoft.Extensions.Logging;

namespace Godwit.Machinery;

/// <summary>
/// Runs one reconciler: workers take keys from a queue and reconcile them, one at a time per key. A result may ask for
/// another look; an exception backs the key off; a <see cref="TerminalException"/> lets it rest; cancellation ends the workers
/// after the work in hand.
/// </summary>
public sealed partial class ControllerRunner
{
    private readonly string _name;
    private readonly Func<NamespacedName, CancellationToken, Task<Result>> _reconcile;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly ControllerOptions _options;
    private long _reconciles;

    public ControllerRunner(
        string name,
        Func<NamespacedName, CancellationToken, Task<Result>> reconcile,
        ILogger logger,
        TimeProvider? clock = null,
        ControllerOptions? options = null)
    {
        _name = name;
        _reconcile = reconcile;
        _logger = logger;
        _clock = clock ?? TimeProvider.System;
        _options = options ?? new();
        Queue = new(_options.Limiter, _clock, _options.Metrics is { } metrics ? new(metrics, name) : null);
    }

    /// <summary>The keys to reconcile; informers' handlers add to it.</summary>
    public WorkQueue<NamespacedName> Queue { get; }

    /// <summary>Asks for a look at an object.</summary>
    public void Enqueue(NamespacedName key) => Queue.Add(key);

    /// <summary>Works until cancelled. Nothing is reconciled before the given caches are filled.</summary>
    public async Task RunAsync(CancellationToken ct, params IReadOnlyList<Func<CancellationToken, Task>> synced)
    {
        using var counted = _options.Metrics?.Collect(Queue.Samples);
        try
        {
            await Task.WhenAll(synced.Select(wait => wait(ct)));
            LogStarted(_logger, _name, _options.Workers);
            await TaskGroup.RunAsync(ct, [.. Enumerable.Repeat<Func<CancellationToken, Task>>(WorkAsync, _options.Workers)]);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            LogStopped(_logger, _name);
        }
        finally
        {
            Queue.ShutDown();
        }
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        while (true)
        {
            var (hasKey, key) = await Queue.GetAsync(ct);
            if (!hasKey)
            {
                return;
            }

            try
            {
                await ReconcileAsync(key, ct);
            }
            finally
            {
                Queue.Done(key);
            }
        }
    }

    private async Task ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        var id = Interlocked.Increment(ref _reconciles);
        using var scope = _logger.BeginScope(new ReconcileScope(_name, key, id));
        var started = _clock.GetTimestamp();
        try
        {
            using var timeout = new CancellationTokenSource(_options.ReconcileTimeout, _clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
            var result = await _reconcile(key, linked.Token);
            Queue.Forget(key);
            if (result.RequeueAfter is { } delay)
            {
                Queue.AddAfter(key, delay);
            }

            LogReconciled(_logger, _name, key, id, _clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (TerminalException e)
        {
            LogTerminal(_logger, e, _name, key, id);
            Queue.Forget(key);
        }
        catch (ApiException e) when (e.IsConflict)
        {
            // Someone else wrote first; the cache will show it in a moment. Not worth a line in the log.
            LogConflict(_logger, _name, key, id, e.Message);
            Queue.AddRateLimited(key);
        }
        catch (Exception e)
        {
            Queue.AddRateLimited(key);
            LogFailed(_logger, e is ApiException ? null : e, _name, key, id, Queue.Failures(key), e.Message);
        }
    }

    [LoggerMessage(110, LogLevel.Information, "Controller {Controller} works with {Workers} workers")]
    private static partial void LogStarted(ILogger logger, string controller, int workers);

    [LoggerMessage(111, LogLevel.Information, "Controller {Controller} ended")]
    private static partial void LogStopped(ILogger logger, string controller);

    [LoggerMessage(112, LogLevel.Debug, "{Controller} {Key} #{ReconcileId}: done in {Milliseconds:0.0} ms")]
    private static partial void LogReconciled(ILogger logger, string controller, NamespacedName key, long reconcileId, double milliseconds);

    [LoggerMessage(113, LogLevel.Error, "{Controller} {Key} #{ReconcileId}: given up until it changes")]
    private static partial void LogTerminal(ILogger logger, Exception e, string controller, NamespacedName key, long reconcileId);

    [LoggerMessage(114, LogLevel.Debug, "{Controller} {Key} #{ReconcileId}: conflict, trying again: {Error}")]
    private static partial void LogConflict(ILogger logger, string controller, NamespacedName key, long reconcileId, string error);

    [LoggerMessage(115, LogLevel.Warning, "{Controller} {Key} #{ReconcileId}: failed {Failures} times, trying again: {Error}")]
    private static partial void LogFailed(
        ILogger logger, Exception? e, string controller, NamespacedName key, long reconcileId, int failures, string error);
}
