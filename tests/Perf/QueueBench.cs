using System.Diagnostics;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>
/// Many migrations at once: how long virt-controller takes to settle them all under the usual limits, and how often it looks at
/// one. A tenth of them goes first: were there a walk over all that wait, each of the many would cost more.
/// </summary>
internal static class QueueBench
{
    private const int Parallel = 5;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static async Task RunAsync(BenchOptions options, Report report, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        await using var cluster = new QueueCluster();
        await cluster.StartAsync(options.Manifests, patience.Token);
        var few = Math.Max(1, options.Queued / 10);
        await QueueCluster.ForEachAsync(few, i => Seed.GuestAsync(cluster.Api, Name("few", i), cluster.Node(i), patience.Token));
        await QueueCluster.ForEachAsync(options.Queued, i => Seed.GuestAsync(cluster.Api, Name("many", i), cluster.Node(i), patience.Token));
        cluster.Work();
        try
        {
            var small = await SettleAsync(cluster, "few", few, report, patience.Token);
            var large = await SettleAsync(cluster, "many", options.Queued, report, patience.Token);
            report.Add($"queue: time for one of {options.Queued} / of {few}", "x", large.Each / small.Each, 1.3);
            report.Add($"queue: looks at one of {options.Queued} / of {few}", "x", large.Looks / small.Looks, 1.1);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            report.Note($"queue: not settled within {Patience}; {cluster.Problem()}");
        }
    }

    private static async Task<(double Each, double Looks)> SettleAsync(QueueCluster cluster, string set, int count, Report report, CancellationToken ct)
    {
        // None may begin: so all of them are in the queue before the first leaves it.
        await cluster.LimitAsync(0, ct);
        await QuietAsync(cluster, ct);
        cluster.Looks.Restart();
        var began = Stopwatch.GetTimestamp();
        await QueueCluster.ForEachAsync(count, i => Seed.MigrationAsync(cluster.Api, Name(set, i), ct));
        await UntilAsync(cluster, set, count, static phase => phase == MigrationPhases.Pending, ct);
        report.Add($"queue of {count}: all made and waiting", "ms", Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        await QuietAsync(cluster, ct);
        report.Add($"queue of {count}: looks at one until it waits", "looks", (double)cluster.Looks.All / count);
        cluster.Looks.Restart();
        await Task.Delay(Quiet, TimeProvider.System, ct);
        report.Add($"queue of {count}: looks in {Quiet.TotalSeconds:0} s while nothing changes", "looks", cluster.Looks.All, 0);

        cluster.Looks.Restart();
        began = Stopwatch.GetTimestamp();
        await cluster.LimitAsync(Parallel, ct);
        await UntilAsync(cluster, set, count, static phase => phase == MigrationPhases.Succeeded, ct);
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await QuietAsync(cluster, ct);
        var looks = (double)cluster.Looks.All / count;
        report.Add($"queue of {count}: settled, {Parallel} at a time", "ms", took);
        report.Add($"queue of {count}: one of them, on average", "ms", took / count);
        report.Add($"queue of {count}: looks for each that finished", "looks", looks);
        report.Add($"queue of {count}: looks at the most looked at", "looks", cluster.Looks.Most);
        return (took / count, looks);
    }

    /// <summary>Waits until nobody is looked at any more; a controller that asks again and again is waited for no longer than that.</summary>
    private static async Task QuietAsync(QueueCluster cluster, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        for (var (before, calm) = (-1L, 0); calm < 4 && Stopwatch.GetElapsedTime(began) < LongestWait;)
        {
            var now = cluster.Looks.All;
            (before, calm) = (now, now == before ? calm + 1 : 0);
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, ct);
        }
    }

    private static async Task UntilAsync(QueueCluster cluster, string set, int count, Func<string?, bool> wanted, CancellationToken ct)
    {
        var arrived = new HashSet<string>(StringComparer.Ordinal);
        var options = new WatchOptions();
        while (arrived.Count < count)
        {
            await foreach (var item in cluster.Api.WatchAsync(
                Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, options, ct))
            {
                if (item.Object is { } seen && seen.Metadata.Name!.StartsWith($"move-{set}-", StringComparison.Ordinal))
                {
                    if (seen.Status?.Phase == MigrationPhases.Failed)
                    {
                        throw new InvalidOperationException($"{seen.Metadata.Name} failed: {seen.Status.MigrationState?.FailureReason}");
                    }

                    if (wanted(seen.Status?.Phase))
                    {
                        arrived.Add(seen.Metadata.Name);
                    }
                }

                if (arrived.Count == count)
                {
                    return;
                }
            }
        }
    }

    private static string Name(string set, int i) => $"{set}-{i}";
}
