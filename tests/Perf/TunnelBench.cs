using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Network;

namespace Godwit.Perf;

/// <summary>
/// What the tunnel between two launcher pods carries, against the pod network between the same two, in turn. No guest is in it: sockets in the
/// one pod speak with sockets in the other, by its address and by its end of the tunnel, with segments as small as guests' are.
/// </summary>
internal static class TunnelBench
{
    private const string Tunnel = "by the tunnel";
    private const string Network = "by the pod network";
    private const int Port = 49_170;
    private const int Rounds = 3;
    private const int Echoes = 500;
    private const int Block = 256 << 10;

    /// <summary>Linux' TCP_MAXSEG, and what the pods' rules leave to guests' connections of an MTU of 1500.</summary>
    private const int MaxSegment = 2;
    private const int GuestsSegment = 1410;
    private static readonly TimeSpan Stream = TimeSpan.FromSeconds(1.5);

    /// <param name="source">UID and address of the pod that forwards.</param>
    /// <param name="target">UID and address of the pod with the guest.</param>
    /// <param name="report">Takes the figures.</param>
    /// <param name="ct">Ends the run.</param>
    public static async Task RunAsync((string Uid, IPAddress Ip) source, (string Uid, IPAddress Ip) target, Report report, CancellationToken ct)
    {
        var (from, to) = (TestCluster.InPod(source.Uid, "virt-launcher").Pid, TestCluster.InPod(target.Uid, "virt-launcher").Pid);
        var rules = new PodNetwork(new HostTools(TimeProvider.System));
        await rules.AllowMigrationAsync(to, source.Ip.ToString(), [Port], ct);
        try
        {
            using var near = PodSockets.Open(from);
            using var far = PodSockets.Open(to);
            var ways = new List<(string Name, IPAddress Address)> { (Network, target.Ip), (Tunnel, await EndOfTunnelAsync(from, ct)) };
            for (var round = 0; round < Rounds; round++)
            {
                foreach (var (name, address) in ways)
                {
                    using var listener = far.ListenTcp(address, Port);
                    using var client = Small(near.NewTcp());
                    await client.ConnectAsync(new IPEndPoint(address, Port), ct);
                    using var server = Small(await listener.AcceptAsync(ct));
                    report.Add($"echo {name}", "ms", Echo(client, server));
                    report.Add($"stream {name}", "MiB/s", Flow(client, server));
                }

                ways.Reverse();
            }
        }
        finally
        {
            await rules.RevokeMigrationAsync(to, CancellationToken.None);
        }
    }

    /// <summary>The aims, once all rounds are run.</summary>
    public static void Judge(Report report)
    {
        if (report.Median($"echo {Tunnel}") is { } slow && report.Median($"echo {Network}") is { } quick)
        {
            report.Add("tunnel: added to an echo", "ms", slow - quick, 0.3);
        }

        if (report.Median($"stream {Tunnel}") is { } less && report.Median($"stream {Network}") is { } most)
        {
            report.Add("tunnel: share of the pod network's stream", "x", less / most, 0.8);
        }
    }

    private static Socket Small(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, MaxSegment, BitConverter.GetBytes(GuestsSegment));
        return socket;
    }

    /// <summary>The other pod's address in the tunnel: the only one that this pod has a route to by a device of a tunnel.</summary>
    private static async Task<IPAddress> EndOfTunnelAsync(int pid, CancellationToken ct)
    {
        var routes = await Tool.RunAsync("nsenter", ["-t", $"{pid}", "-n", "ip", "-4", "route", "show", "root", "169.254.0.0/16"], ct);
        var route = routes.Split('\n').Single(static line => line.Contains(" dev fwd-", StringComparison.Ordinal));
        return IPAddress.Parse(route.Split(' ')[0]);
    }

    /// <summary>The median time of one record there and back, milliseconds.</summary>
    private static double Echo(Socket client, Socket server)
    {
        var answering = Task.Factory.StartNew(
            () =>
            {
                var record = new byte[64];
                for (var i = 0; i < Echoes; i++)
                {
                    ReceiveAll(server, record);
                    server.Send(record);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var (mine, times) = (new byte[64], new List<double>(Echoes));
        for (var i = 0; i < Echoes; i++)
        {
            var began = Stopwatch.GetTimestamp();
            client.Send(mine);
            ReceiveAll(client, mine);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        answering.Wait();
        return Report.MedianOf(times);
    }

    /// <summary>What arrives in a time, MiB/s.</summary>
    private static double Flow(Socket client, Socket server)
    {
        var sending = Task.Factory.StartNew(
            () =>
            {
                var (block, began) = (new byte[Block], Stopwatch.GetTimestamp());
                while (Stopwatch.GetElapsedTime(began) < Stream)
                {
                    client.Send(block);
                }

                client.Shutdown(SocketShutdown.Send);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var (received, first, buffer) = (0L, Stopwatch.GetTimestamp(), new byte[Block]);
        while (server.Receive(buffer) is > 0 and var count)
        {
            received += count;
        }

        var took = Stopwatch.GetElapsedTime(first);
        sending.Wait();
        return received / took.TotalSeconds / (1 << 20);
    }

    private static void ReceiveAll(Socket socket, byte[] record)
    {
        for (var read = 0; read < record.Length;)
        {
            var count = socket.Receive(record.AsSpan(read));
            read += count > 0 ? count : throw new IOException("the other pod closed the connection");
        }
    }
}
