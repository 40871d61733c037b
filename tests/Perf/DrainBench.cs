using System.Diagnostics;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>
/// A node with ten guests is emptied. Under the usual limits two leave it at a time: it can take no less than five moves one after
/// another, and no less than the link of two needs for all their bytes. What a move takes is measured in the same run with the
/// same guests, under the same limit of the link.
/// </summary>
internal static class DrainBench
{
    private const int Guests = 10;
    private const int AtOnce = 2;
    private const int Singles = 4;
    private const int LinkMiB = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private const string From = "node01";
    private const string To = "node02";

    public static async Task RunAsync(TestCluster cluster, Report report, CancellationToken ct)
    {
        await cluster.ConfigureMigrationsAsync(new JsonObject { ["bandwidthPerMigration"] = $"{LinkMiB}Mi" }, ct);
        await SetUnschedulableAsync(cluster, To, true, ct);
        var names = Enumerable.Range(0, Guests).Select(static i => $"drain-{i}").ToArray();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(names.Select(name => cluster.CreateGuestAsync(name, Modest, ct)));
        report.Add($"drain: {Guests} guests made, all Running", "ms", Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        await SetUnschedulableAsync(cluster, To, false, ct);
        var singles = new List<double>();
        for (var i = 0; i < Singles; i++)
        {
            // There and back: all of them are on the first node again when it is emptied.
            singles.Add((await GodwitHop.RunAsync(cluster, 1000 + (2 * i), ct, names[i])).TotalMs);
            singles.Add((await GodwitHop.RunAsync(cluster, 1001 + (2 * i), ct, names[i])).TotalMs);
        }

        singles.ForEach(one => report.Add("drain: one guest moved alone, created to Succeeded", "ms", one));
        await AtRestAsync(cluster, ct);
        report.Load("before the drain");
        began = Stopwatch.GetTimestamp();
        await PatchNodeAsync(cluster, From, $$$"""{"spec":{"taints":[{"key":"{{{Taints.Drain}}}","effect":"NoSchedule"}]}}""", ct);
        var away = 0;
        VirtualMachineInstance[] ends;
        try
        {
            ends = await Task.WhenAll(names.Select(async name =>
            {
                var end = await cluster.WatchAsync(
                    Kinds.VirtualMachineInstance,
                    TypesJson.Default.VirtualMachineInstance,
                    name,
                    static vmi => vmi.Status is { NodeName: To, MigrationState.Completed: true },
                    ct,
                    Patience);
                Interlocked.Increment(ref away);
                return end;
            }));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            report.Note($"drain: only {away} of {Guests} guests were away after {Patience}; alone they take {singles.Average():0} ms each");
            await TellFailuresAsync(cluster, report, ct);
            return;
        }

        await TellFailuresAsync(cluster, report, ct);
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        report.Load("after the drain");
        var byLimits = Guests / AtOnce * singles.Average();
        var sent = ends.Sum(static end => (double)(end.Status!.MigrationState!.Transfer?.TransferredBytes ?? 0)) / (1 << 20);
        var byLink = sent / (AtOnce * LinkMiB) * 1000;
        report.Add($"drain: taint to all {Guests} guests away", "ms", took);
        report.Add($"drain: least by its limits, {Guests / AtOnce} x one move", "ms", byLimits);
        report.Add($"drain: least by the link, {AtOnce} x {LinkMiB} MiB/s", "ms", byLink);
        report.Add("drain: sent", "MiB", sent);
        report.Add("drain: took / least by its limits", "x", took / byLimits, 1.2);
        report.Add("drain: took / least by the link", "x", took / byLink);
        foreach (var end in ends)
        {
            report.Add("drain: pause of each guest", "ms", end.Status!.MigrationState!.PauseMs ?? double.NaN);
        }

        await PatchNodeAsync(cluster, From, """{"spec":{"taints":null}}""", ct);
        await cluster.ConfigureMigrationsAsync(new JsonObject { ["bandwidthPerMigration"] = null }, ct);
        foreach (var name in names)
        {
            await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, new NamespacedName("default", name), ct: ct);
        }
    }

    /// <summary>Waits until nothing is left of the single moves: a guest may leave only then.</summary>
    private static async Task AtRestAsync(TestCluster cluster, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while ((await cluster.LaunchersAsync(patience.Token)).Count > Guests)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, patience.Token);
        }
    }

    // Ten of the demo guest keep a small machine busy by themselves: what would be measured then is the machine.
    private static void Modest(JsonObject manifest)
    {
        var domain = manifest["spec"]!["domain"]!;
        domain["memory"]!["guest"] = "128Mi";
        domain["firmware"]!["kernelBoot"]!["kernelArgs"] = "console=ttyS0 quiet no_timer_check mg.mem=32 mg.hot=8 mg.rate=1 mg.ip=dhcp mg.tick=100";
    }

    private static async Task TellFailuresAsync(TestCluster cluster, Report report, CancellationToken ct)
    {
        var all = await cluster.Api.ListAsync(
            Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, ct: ct);
        foreach (var failed in all.Items.Where(static one => one.Status?.Phase == MigrationPhases.Failed))
        {
            report.Note($"drain: {failed.Metadata.Name} failed: {failed.Status!.MigrationState?.FailureReason}");
        }
    }

    private static Task SetUnschedulableAsync(TestCluster cluster, string node, bool cordoned, CancellationToken ct) =>
        PatchNodeAsync(cluster, node, $$$"""{"spec":{"unschedulable":{{{(cordoned ? "true" : "null")}}}}}""", ct);

    private static Task PatchNodeAsync(TestCluster cluster, string node, string patch, CancellationToken ct) =>
        cluster.Api.PatchAsync(Kinds.Node, NamespacedName.Cluster(node), PatchKind.Merge, JsonNode.Parse(patch)!, ct: ct);
}
