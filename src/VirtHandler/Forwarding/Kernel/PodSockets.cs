using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// Sockets in the network of a pod, for a process that lives in another. A socket stays in the network namespace of the thread that made it, so a
/// short-lived thread of its own enters the pod's and makes it; no other thread of this process is ever there. The namespace is held until
/// this is disposed, whatever becomes of the pod; what was opened lives on until it is closed itself. For any thread.
/// </summary>
public sealed class PodSockets : IDisposable
{
    private const int ReuseAddress = 2; // SO_REUSEADDR
    private readonly SafeFileHandle _namespace;
    private readonly int _pid;

    private PodSockets(SafeFileHandle @namespace, int pid) => (_namespace, _pid) = (@namespace, pid);

    /// <summary>Takes hold of the network of a process.</summary>
    /// <param name="pid">A process in the pod, as this process sees it.</param>
    /// <exception cref="KernelException">It has ended, or the agent may not.</exception>
    public static PodSockets Open(int pid)
    {
        var @namespace = Libc.Open($"/proc/{pid}/ns/net", Libc.ReadOnly);
        if (!@namespace.IsInvalid)
        {
            return new PodSockets(@namespace, pid);
        }

        var error = Libc.LastError;
        @namespace.Dispose();
        throw KernelException.Of($"the network of process {pid} cannot be opened", error);
    }

    public void Dispose() => _namespace.Dispose();

    /// <summary>A socket that listens in the pod.</summary>
    /// <param name="address">An IPv4 address of the pod, or any.</param>
    /// <param name="port">The port, or 0 for any that is free.</param>
    /// <exception cref="KernelException">The address is not the pod's, or somebody has the port.</exception>
    public Socket ListenTcp(IPAddress address, int port) => Within($"port {port} of {address} in the pod of process {_pid} cannot be listened on", () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // The runtime's own option of this name would let others share the port.
            socket.SetRawSocketOption(Libc.SocketLevel, ReuseAddress, BitConverter.GetBytes(1));
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    });

    /// <summary>A socket that can connect from the pod, and sends without delay.</summary>
    /// <exception cref="KernelException">The agent may not.</exception>
    public Socket NewTcp() => Within(
        $"no TCP socket can be had in the pod of process {_pid}",
        () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    /// <summary>A raw ICMP socket in the pod: sends ICMP, and receives all that comes to the pod, each with its IPv4 header.</summary>
    /// <exception cref="KernelException">The agent may not.</exception>
    public Socket NewIcmp() => Within(
        $"no ICMP socket can be had in the pod of process {_pid}",
        () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp));

    /// <summary>The pod's routes and devices.</summary>
    /// <exception cref="KernelException">The agent may not.</exception>
    public RouteSocket OpenRoute() => Within($"the routes of the pod of process {_pid} cannot be reached", () => new RouteSocket(NetlinkSocket.Open(NetlinkSocket.RouteFamily)));

    /// <summary>The pod's connection table.</summary>
    /// <exception cref="KernelException">The kernel lacks nf_conntrack_netlink, or the agent may not.</exception>
    public ConntrackSocket OpenConntrack() =>
        Within($"the connections of the pod of process {_pid} cannot be reached", () => new ConntrackSocket(NetlinkSocket.Open(NetlinkSocket.NetfilterFamily)));

    /// <summary>What becomes of the pod's connections from now on.</summary>
    /// <exception cref="KernelException">The kernel lacks nf_conntrack_netlink, or the agent may not.</exception>
    public ConntrackEvents OpenConntrackEvents() => Within($"the connections of the pod of process {_pid} cannot be followed", ConntrackEvents.Open);

    /// <summary>A way to send frames on a device of the pod.</summary>
    /// <exception cref="KernelException">There is no such device, or the agent may not.</exception>
    internal PacketSocket OpenPacket(string device) => Within($"frames cannot be sent in the pod of process {_pid}", () => PacketSocket.Open(device));

    private T Within<T>(string failed, Func<T> make)
        where T : class
    {
        T? made = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                made = Libc.Enter(_namespace, Libc.NetworkNamespace) == 0 ? make() : throw KernelException.Of(failed, Libc.LastError);
            }
            catch (SocketException e)
            {
                failure = ExceptionDispatchInfo.Capture(KernelException.Of(failed, e.NativeErrorCode, e));
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = $"network of {_pid}",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return made!;
    }
}
