using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>
/// The control plane without guests: nodes are played, virt-controller is the real program. Each size is ten times the one
/// before, in a fresh cluster; what grows faster than the size is shown by ratios.
/// </summary>
internal static class ScaleBench
{
    private const int MigrationsPerHundred = 15;
    private const int VmisPerNode = 10;
    private const int MemoryVmis = 5000;
    private static readonly int[] Sizes = [100, 1000, 10_000];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    public static async Task RunAsync(BenchOptions options, Report report, CancellationToken ct)
    {
        Figures? before = null;
        foreach (var size in options.Vmis is { } one ? [one] : options.Quick ? Sizes[..2] : Sizes)
        {
            var now = await SizeAsync(options, size, report, ct);
            if (before is not null)
            {
                report.Add($"scale: one migration among {size} VMIs / a tenth of them, time", "x", now.TimeEach / before.TimeEach, 1.3);
                report.Add($"scale: one migration among {size} VMIs / a tenth of them, CPU of virt-controller", "x", now.CpuEach / before.CpuEach, 1.3);
                report.Add($"scale: one migration among {size} VMIs / a tenth of them, requests", "x", now.RequestsEach / before.RequestsEach, 1.1);
            }

            before = now;
        }
    }

    private static async Task<Figures> SizeAsync(BenchOptions options, int size, Report report, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        var token = patience.Token;
        using var requests = new RequestCounter("virt-controller");
        await using var cluster = new QueueCluster(size / VmisPerNode);
        await cluster.StartAsync(options.Manifests, token);
        var label = string.Create(CultureInfo.InvariantCulture, $"scale, {size / VmisPerNode} nodes, {size} VMIs");
        var first = Math.Min(size, MemoryVmis);
        await QueueCluster.ForEachAsync(first, i => Seed.GuestAsync(cluster.Api, Name(i), cluster.Node(i), token));
        if (first < size)
        {
            await using (var early = RoleProcess.Controller(options.Bin, cluster.Kubeconfig, requests))
            {
                await early.QuietAsync(token);
                report.Add(string.Create(CultureInfo.InvariantCulture, $"scale: RSS of virt-controller with {first} VMIs"), "MiB", early.Rss, 200);
            }

            await QueueCluster.ForEachAsync(size - first, i => Seed.GuestAsync(cluster.Api, Name(first + i), cluster.Node(i), token));
        }

        await using var controller = RoleProcess.Controller(options.Bin, cluster.Kubeconfig, requests);
        var began = Stopwatch.GetTimestamp();
        await controller.QuietAsync(token);
        report.Add($"{label}: virt-controller started to all looked at", "ms", (Stopwatch.GetElapsedTime(began) - RoleProcess.Calm).TotalMilliseconds);
        report.Add($"{label}: … its CPU", "s", controller.CpuSeconds);
        report.Add($"{label}: … its RSS", "MiB", controller.Rss);
        cluster.Play();
        return await MigrateAsync(cluster, controller, requests, label, size * MigrationsPerHundred / 100, report, token);
    }

    /// <summary>All are created at once; the limits, of five at a time, are the usual ones.</summary>
    private static async Task<Figures> MigrateAsync(
        QueueCluster cluster, RoleProcess controller, RequestCounter requests, string label, int count, Report report, CancellationToken ct)
    {
        var (cpu, asked, kinds) = (controller.CpuSeconds, requests.All, requests.ByKind());
        var created = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var settling = SettleAsync(cluster, created, count, watching.Token);
        var began = Stopwatch.GetTimestamp();
        try
        {
            await QueueCluster.ForEachAsync(count, async i =>
            {
                created[$"move-{Name(i)}"] = Stopwatch.GetTimestamp();
                await Seed.MigrationAsync(cluster.Api, Name(i), ct);
            });
            report.Add($"{label}: {count} migrations made", "ms", Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            var longest = await settling;
            var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            await controller.QuietAsync(ct);
            var figures = new Figures(took / count, (controller.CpuSeconds - cpu) * 1000 / count, (double)(requests.All - asked) / count);
            report.Add($"{label}: all {count} migrations settled", "ms", took);
            report.Add($"{label}: … one of them, on average", "ms", figures.TimeEach);
            report.Add($"{label}: … CPU of virt-controller for one", "ms", figures.CpuEach);
            report.Add($"{label}: … requests of virt-controller for one", "", figures.RequestsEach);
            report.Note($"{label}: requests for one: " + string.Join(", ", requests.ByKind()
                .Select(now => (now.Key, Each: (double)(now.Value - kinds.GetValueOrDefault(now.Key)) / count))
                .Where(static kind => kind.Each >= 0.05)
                .OrderByDescending(static kind => kind.Each)
                .Select(static kind => string.Create(CultureInfo.InvariantCulture, $"{kind.Each:0.0} {kind.Key}"))));
            report.Add($"{label}: … longest wait of any for its first look", "ms", longest);
            report.Add($"{label}: … RSS of virt-controller afterwards", "MiB", controller.Rss);
            report.Add($"{label}: … RSS of virt-controller, peak", "MiB", controller.PeakRss);
            return figures;
        }
        catch (Exception e) when (cluster.Problem() is { } problem)
        {
            throw new InvalidOperationException($"{label}: a part of the played cluster ended: {problem}", e);
        }
        finally
        {
            await watching.CancelAsync();
            await settling.ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    /// <summary>Milliseconds that the one waited that waited longest, created to first phase; when all have succeeded.</summary>
    private static async Task<double> SettleAsync(QueueCluster cluster, ConcurrentDictionary<string, long> created, int count, CancellationToken ct)
    {
        var (looked, done, longest) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), 0.0);
        while (true)
        {
            await foreach (var item in cluster.Api.WatchAsync(
                Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, new WatchOptions(), ct))
            {
                if (item.Object is not { Metadata.Name: { } name, Status.Phase: { Length: > 0 } phase } seen)
                {
                    continue;
                }

                if (looked.Add(name))
                {
                    longest = Math.Max(longest, Stopwatch.GetElapsedTime(created[name]).TotalMilliseconds);
                }

                if (phase == MigrationPhases.Failed)
                {
                    throw new InvalidOperationException($"{name} failed: {seen.Status.MigrationState?.FailureReason}");
                }

                if (phase == MigrationPhases.Succeeded && done.Add(name) && done.Count == count)
                {
                    return longest;
                }
            }
        }
    }

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"vm-{i}");

    /// <summary>For one migration: milliseconds, milliseconds of processor time, requests.</summary>
    private sealed record Figures(double TimeEach, double CpuEach, double RequestsEach);
}
