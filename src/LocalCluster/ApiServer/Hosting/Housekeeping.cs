using System.Globalization;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.ApiServer.Hosting;

/// <summary>Keeps the store small: events live an hour, superseded revisions a few minutes.</summary>
internal sealed partial class Housekeeping(ResourceOperations operations, TimeSpan historyKept, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan EventsKept = TimeSpan.FromHours(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var marks = new Queue<(DateTimeOffset At, long Revision)>();
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await DeleteOldEventsAsync(cancellationToken);
                var now = time.GetUtcNow();
                marks.Enqueue((now, operations.Store.Revision));
                var horizon = 0L;
                while (marks.TryPeek(out var oldest) && now - oldest.At >= historyKept)
                {
                    horizon = marks.Dequeue().Revision;
                }

                if (horizon > operations.Store.CompactedRevision)
                {
                    await operations.Store.CompactAsync(horizon);
                }
            }
            catch (StoreFullException e)
            {
                LogFull(e.Path);
            }
        }
    }

    private async Task DeleteOldEventsAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - EventsKept;
        foreach (var stored in operations.Store.Snapshot.List("events"))
        {
            var json = stored.ToJsonObject();
            if (IsSince(before, ResourceOperations.Text(json, "metadata", "creationTimestamp")) || IsSince(before, ResourceOperations.Text(json, "lastTimestamp")))
            {
                continue;
            }

            try
            {
                await operations.DeleteAsync(operations.Target("events", stored.Key.Namespace, stored.Key.Name), null, RequestOptions.System, cancellationToken);
            }
            catch (StatusException e) when (e.Code == 404)
            {
                // Gone already.
            }
        }
    }

    /// <summary>An event may tell of what was long ago: it is kept from when it was written.</summary>
    private static bool IsSince(DateTimeOffset moment, string timestamp) =>
        DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && at >= moment;

    [LoggerMessage(30, LogLevel.Warning, "Housekeeping waits: the disk that holds {Store} is full")]
    private partial void LogFull(string store);
}
