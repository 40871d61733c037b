using System.Globalization;
using Godwit.Machinery;
using Godwit.Perf.Peers;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>The order of the measurements. Moves by Godwit and by hand alternate, and while one side's guest moves the other's is frozen.</summary>
internal static class Bench
{
    private const string Ours = "Godwit";
    private const string Bare = "bare QMP";

    public static async Task RunAsync(BenchOptions options, TestCluster cluster, Report report, PeerReport peers, CancellationToken ct)
    {
        report.Load("at the start");
        if (options.Wants("rules"))
        {
            MonitorBench.Run(report);
            await QueueBench.RunAsync(options, report, ct);
        }

        if (options.Wants("scale"))
        {
            await ScaleBench.RunAsync(options, report, ct);
        }

        if (options.Wants("memory"))
        {
            await MemoryBench.RunAsync(options, report, ct);
        }

        if (options.Only is "rules" or "scale" or "memory")
        {
            report.Load("at the end");
            return;
        }

        var (nodesReady, all) = await cluster.UpAsync(ct);
        report.Add("godwit up: all nodes Ready", "ms", nodesReady.TotalMilliseconds, 3000);
        report.Add("godwit up: virtual machines welcome", "ms", all.TotalMilliseconds);
        if (options.Wants("footprint"))
        {
            await FootprintBench.IdleAsync(cluster, report, ct);
        }

        if (options.Wants("api"))
        {
            await ApiBench.RunAsync(cluster, report, ct);
            if (options.Only is not null)
            {
                report.Load("at the end");
                return;
            }
        }

        await cluster.ImportGuestAsync(ct);
        if (options.Wants("peers"))
        {
            await PeerBench.RunAsync(options, cluster, peers, ct);
        }

        if (options.Wants("moves"))
        {
            await MovesAsync(options, cluster, report, ct);
        }

        if (options.Wants("forwarding"))
        {
            await ForwardingBench.RunAsync(options, cluster, report, ct);
        }

        if (options.Wants("drain"))
        {
            await DrainBench.RunAsync(cluster, report, ct);
        }

        if (options.Wants("footprint"))
        {
            await FootprintBench.CrowdAsync(cluster, report, ct);
        }

        report.Load("at the end");
    }

    private static async Task MovesAsync(BenchOptions options, TestCluster cluster, Report report, CancellationToken ct)
    {
        var vmi = await cluster.CreateGuestAsync(ct);
        report.Add("virt-launcher with a running guest, RSS", "MiB", TestCluster.InPod(vmi.Status!.OwnerPodUID!, "virt-launcher").Rss, 15);
        await MoveAsync(options, cluster, vmi, report, ct);
        var model = await cluster.Api.GetAsync(Kinds.VirtualMachineInstance, new NamespacedName("default", "demo"), ct: ct);
        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, new NamespacedName("default", "demo"), ct: ct);
        await ListBench.RunAsync(cluster.Api, model, options.Objects, report, ct);
    }

    private static async Task MoveAsync(BenchOptions options, TestCluster cluster, VirtualMachineInstance vmi, Report report, CancellationToken ct)
    {
        var boot = cluster.ReadDomain(vmi.Status!.NodeName!, vmi.Status.OwnerPodUID!);
        var first = await GodwitHop.RunAsync(cluster, 0, ct);
        report.Add($"{Ours}: first move, created to Succeeded", "ms", first.TotalMs);
        report.Add($"{Ours}: first move, pause", "ms", first.State.PauseMs ?? double.NaN);
        var moved = await cluster.GuestAsync(ct);
        var incoming = cluster.ReadDomain(moved.Status!.NodeName!, moved.Status.OwnerPodUID!);
        await using var bare = await BarePair.BootAsync(boot, incoming, cluster.Kernel, await cluster.PlacesAsync(ct), ct);
        await bare.HopAsync(ct);
        for (var i = 1; i <= options.Hops; i++)
        {
            await bare.FreezeAsync(ct);
            Take(report, await GodwitHop.RunAsync(cluster, i, ct));
            await bare.ThawAsync(ct);
            var guest = (await cluster.GuestAsync(ct)).Status!.OwnerPodUID!;
            var pid = TestCluster.InPod(guest, "qemu-system").Pid.ToString(CultureInfo.InvariantCulture);
            await Tool.RunAsync("kill", ["-STOP", pid], ct);
            try
            {
                Take(report, await bare.HopAsync(ct));
            }
            finally
            {
                await Tool.RunAsync("kill", ["-CONT", pid], CancellationToken.None);
            }
        }

        report.Load("after the moves");
        report.Compare("whole move", $"{Ours}: created to Succeeded", $"{Bare}: target started to guest running", "ms", 1500);
        report.Compare("pause", $"{Ours}: pause, STOP to RESUME", $"{Bare}: pause, STOP to RESUME", "ms", 20);
    }

    private static void Take(Report report, GodwitHop hop)
    {
        report.Add($"{Ours}: created to Succeeded", "ms", hop.TotalMs);
        foreach (var (phase, at) in hop.Phases)
        {
            report.Add($"{Ours}:   phase {phase} seen at", "ms", at);
        }

        report.Add($"{Ours}: pause, STOP to RESUME", "ms", hop.State.PauseMs ?? double.NaN);
        report.Add($"{Ours}: QEMU's own downtime", "ms", hop.State.QemuDowntimeMs ?? double.NaN);
        report.Add($"{Ours}: sent", "MiB", (hop.State.Transfer?.TransferredBytes ?? 0) / 1048576.0);
    }

    private static void Take(Report report, BareHop hop)
    {
        report.Add($"{Bare}: target started to guest running", "ms", hop.TotalMs);
        report.Add($"{Bare}:   of which memory, migrate to STOP", "ms", hop.CopyMs);
        report.Add($"{Bare}: pause, STOP to RESUME", "ms", hop.PauseMs);
        report.Add($"{Bare}: QEMU's own downtime", "ms", hop.DowntimeMs);
        report.Add($"{Bare}: sent", "MiB", hop.Bytes / 1048576.0);
    }
}
