using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>
/// What keeping connections costs: the same guest moves in turn with forwarding and without, with as many connections open; and after a
/// move, a connection to its old address against one to its new. The guest's own echo is in all of it, on both sides alike.
/// </summary>
internal static class ForwardingBench
{
    private const string Name = "forwarded";
    private const string With = "with forwarding";
    private const string Without = "without forwarding";
    private const string Old = "through the pod that it left";
    private const string New = "straight to its new pod";
    private const int Connections = 100;
    private const int Port = 7;
    private const int Echoes = 300;
    private const int Block = 32 << 10;
    private const int QuickHops = 2;
    private static readonly string Alive = $"connections alive of {Connections}";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Stream = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(BenchOptions options, TestCluster cluster, Report report, CancellationToken ct)
    {
        await cluster.CreateGuestAsync(Name, Calm, ct);
        await FirstEchoAsync(cluster, ct);
        await GodwitHop.RunAsync(cluster, 2000, ct, Name);
        await FirstEchoAsync(cluster, ct);
        var hops = options.Quick ? Math.Min(QuickHops, options.Hops) : options.Hops;
        for (var i = 0; i < hops; i++)
        {
            foreach (var forwarded in (bool[])[true, false])
            {
                await cluster.ConfigureMigrationsAsync(new JsonObject { ["connectionForwarding"] = new JsonObject { ["enabled"] = forwarded } }, ct);
                await MoveAsync(cluster, report, 2001 + (2 * i) + (forwarded ? 0 : 1), forwarded, ways: !options.Quick, ct);
            }
        }

        Compare(report, "pause", "ms", 2);
        Compare(report, "whole move", "ms", double.NaN);
        if (report.Median($"echo {Old}") is { } old && report.Median($"echo {New}") is { } @new)
        {
            report.Add("echo: added by the way round", "ms", old - @new, 0.3);
        }

        if (report.Median($"stream {Old}") is { } slow && report.Median($"stream {New}") is { } fast)
        {
            report.Add("stream: share that the way round leaves", "x", slow / fast, 0.8);
        }

        TunnelBench.Judge(report);
        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, new NamespacedName("default", Name), ct: ct);
        await cluster.ConfigureMigrationsAsync(new JsonObject { ["connectionForwarding"] = null }, ct);
    }

    private static async Task MoveAsync(TestCluster cluster, Report report, int number, bool forwarded, bool ways, CancellationToken ct)
    {
        var way = forwarded ? With : Without;
        var open = new List<Socket>();
        try
        {
            var (before, left) = (await EndpointAsync(cluster, ct), await OwnerAsync(cluster, ct));
            for (var i = 0; i < Connections; i++)
            {
                open.Add(await ConnectAsync(before, ct));
                await EchoAsync(open[^1], new byte[16], ct);
            }

            var hop = await GodwitHop.RunAsync(cluster, number, ct, Name);
            report.Add($"{way}: pause", "ms", hop.State.PauseMs ?? double.NaN);
            report.Add($"{way}: whole move", "ms", hop.TotalMs);
            report.Add($"{way}: {Alive}", "", await AliveAsync(open, forwarded, ct));
            if (forwarded && ways)
            {
                var after = await NextEndpointAsync(cluster, before, ct);
                await CompareWaysAsync(open[0], after, report, ct);
                await TunnelBench.RunAsync((left, before.Address), (await OwnerAsync(cluster, ct), after.Address), report, ct);
            }
        }
        finally
        {
            open.ForEach(static socket => socket.Dispose());
        }

        await AtRestAsync(cluster, ct);
    }

    /// <summary>The medians of both; null when the moves were not made, or not to their end.</summary>
    public static JsonObject? ToJson(Report report) => Side(report, With) is { } with && Side(report, Without) is { } without
        ? new() { ["connections"] = Connections, ["with"] = with, ["without"] = without }
        : null;

    private static JsonObject? Side(Report report, string way) =>
        report.Median($"{way}: pause") is { } pause && report.Median($"{way}: whole move") is { } whole && report.Median($"{way}: {Alive}") is { } alive
            ? new() { ["pauseMs"] = pause, ["totalMs"] = whole, ["alive"] = alive }
            : null;

    /// <summary>Both ways in turn, so that what the machine does meanwhile strikes both.</summary>
    private static async Task CompareWaysAsync(Socket old, IPEndPoint place, Report report, CancellationToken ct)
    {
        using var fresh = await ConnectAsync(place, ct);
        var took = new Dictionary<string, List<double>>(StringComparer.Ordinal) { [Old] = [], [New] = [] };
        var record = new byte[64];
        for (var i = 0; i < Echoes; i++)
        {
            foreach (var (way, socket) in ((string, Socket)[])[(Old, old), (New, fresh)])
            {
                var began = Stopwatch.GetTimestamp();
                await EchoAsync(socket, record, ct);
                took[way].Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        foreach (var (way, times) in took)
        {
            report.Add($"echo {way}", "ms", Report.MedianOf(times));
        }

        foreach (var (way, socket) in ((string, Socket)[])[(Old, old), (New, fresh)])
        {
            var began = Stopwatch.GetTimestamp();
            var sent = 0L;
            var block = new byte[Block];
            while (Stopwatch.GetElapsedTime(began) < Stream)
            {
                await EchoAsync(socket, block, ct);
                sent += Block;
            }

            report.Add($"stream {way}", "MiB/s", sent / Stopwatch.GetElapsedTime(began).TotalSeconds / (1 << 20));
        }
    }

    private static void Compare(Report report, string what, string unit, double aim)
    {
        if (report.Median($"{With}: {what}") is { } with && report.Median($"{Without}: {what}") is { } without)
        {
            report.Add($"{what}: with minus without", unit, with - without, double.IsNaN(aim) ? null : aim);
        }
    }

    /// <summary>How many still echo. Without forwarding their old address is gone: nobody is waited for there.</summary>
    private static async Task<int> AliveAsync(IReadOnlyList<Socket> open, bool wait, CancellationToken ct)
    {
        var alive = await Task.WhenAll(open.Select(async socket =>
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(wait ? TimeSpan.FromSeconds(20) : TimeSpan.FromSeconds(1));
            try
            {
                await EchoAsync(socket, new byte[16], patience.Token);
                return true;
            }
            catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
            {
                return false;
            }
        }));
        return alive.Count(static one => one);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint place, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(place, ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends the record and reads it back whole; while it is sent the echo is read, for both ends have little room.</summary>
    private static async Task EchoAsync(Socket socket, byte[] record, CancellationToken ct)
    {
        var sending = socket.SendAsync(record, ct);
        var back = new byte[record.Length];
        for (var read = 0; read < back.Length;)
        {
            var count = await socket.ReceiveAsync(back.AsMemory(read), ct);
            read += count > 0 ? count : throw new IOException("the guest closed the connection");
        }

        await sending;
    }

    private static async Task<string> OwnerAsync(TestCluster cluster, CancellationToken ct) => (await cluster.GuestAsync(ct, Name)).Status!.OwnerPodUID!;

    private static async Task<IPEndPoint> EndpointAsync(TestCluster cluster, CancellationToken ct) =>
        new(IPAddress.Parse((await cluster.GuestAsync(ct, Name)).Status!.Interfaces![0].IpAddress!), Port);

    /// <summary>The guest's new address: its report may come a moment after the move's.</summary>
    private static async Task<IPEndPoint> NextEndpointAsync(TestCluster cluster, IPEndPoint before, CancellationToken ct)
    {
        var moved = await cluster.WatchAsync(
            Kinds.VirtualMachineInstance,
            TypesJson.Default.VirtualMachineInstance,
            Name,
            vmi => vmi.Status?.Interfaces is [{ IpAddress: { } address }, ..] && address != before.Address.ToString(),
            ct);
        return new(IPAddress.Parse(moved.Status!.Interfaces![0].IpAddress!), Port);
    }

    /// <summary>Until the guest's echo answers at the address that is reported.</summary>
    private static async Task FirstEchoAsync(TestCluster cluster, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while (true)
        {
            try
            {
                if ((await cluster.GuestAsync(patience.Token, Name)).Status?.Interfaces is [{ IpAddress: { } address }, ..])
                {
                    using var socket = await ConnectAsync(new(IPAddress.Parse(address), Port), patience.Token);
                    await EchoAsync(socket, new byte[16], patience.Token);
                    return;
                }
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // Not there yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
        }
    }

    /// <summary>Until the pod that was left is gone.</summary>
    private static async Task AtRestAsync(TestCluster cluster, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while ((await cluster.LaunchersAsync(patience.Token)).Count > 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, patience.Token);
        }
    }

    private static void Calm(JsonObject manifest)
    {
        var domain = manifest["spec"]!["domain"]!;
        domain["memory"]!["guest"] = "128Mi";
        domain["firmware"]!["kernelBoot"]!["kernelArgs"] = string.Create(
            CultureInfo.InvariantCulture, $"console=ttyS0 quiet no_timer_check mg.mem=32 mg.hot=8 mg.rate=1 mg.verify=0 mg.ip=dhcp mg.echo={Port} mg.tick=100");
    }
}
