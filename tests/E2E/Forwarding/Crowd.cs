using System.Net;
using System.Net.Sockets;
using Godwit.Tests.E2E.Support;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>The connections that a pod's kernel knows of, and more of them than any program would open here.</summary>
internal sealed class Crowd : IDisposable
{
    private const int Sockets = 600;
    private const int FirstPort = 20_000;

    /// <summary>The kernel queues so many packets for a device; what comes faster is dropped.</summary>
    private const int Burst = 300;
    private const int Batch = 4096;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly PodSockets _sockets;
    private readonly ConntrackSocket _table;

    private Crowd(PodSockets sockets)
    {
        _sockets = sockets;
        _table = sockets.OpenConntrack();
    }

    public static Crowd OfPod(string podUid) => new(PodSockets.Open(PodProcesses.InPod(podUid, PodProcesses.Launcher).ShouldNotBeNull()));

    /// <summary>Sends the guest datagrams from and to many ports until its pod knows of as many flows.</summary>
    public async Task ComeAsync(IPAddress from, string address, int count)
    {
        var (to, ports) = (IPAddress.Parse(address), (count / Sockets) + 1);
        var guest = IPAddress.Parse("10.0.2.2");
        using var deadline = new CancellationTokenSource(Limit);
        while (_table.Dump(guest).Count is var known && known < count)
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"only {known} of {count} flows have come");
            for (var i = 0; i < Sockets; i++)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                socket.Bind(new IPEndPoint(from, FirstPort + i));
                for (var port = 0; port < ports; port++)
                {
                    if (((i * ports) + port) % Burst == 0)
                    {
                        await Task.Yield();
                    }

                    socket.SendTo([1], new IPEndPoint(to, FirstPort + port));
                }
            }
        }
    }

    /// <summary>Writes flows of nobody into the table until the kernel takes no more, and says so.</summary>
    /// <returns>What it said.</returns>
    public string Fill()
    {
        var next = 0u;
        while (true)
        {
            var flows = Enumerable.Range(0, Batch).Select(_ => Stranger(next++)).ToList();
            if (_table.Write(flows) is { Refused: > 0 } full)
            {
                return full.FirstError.ShouldNotBeNull();
            }
        }
    }

    public void Dispose()
    {
        _table.Dispose();
        _sockets.Dispose();
    }

    // Assured: else the kernel would sooner drop one of these than refuse another.
    private static ConntrackEntry Stranger(uint number) => new(
        new FlowTuple(FlowProtocol.Udp, FlowTuple.Number(IPAddress.Parse("198.18.0.0")) + (number >> 15), FlowTuple.Number(IPAddress.Parse("198.19.0.1")), (ushort)(1 + (number & 0x7fff)), 9),
        ConntrackStatus.SeenReply | ConntrackStatus.Assured,
        600,
        0,
        TcpConntrackState.None);
}
