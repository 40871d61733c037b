using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// A netlink socket, and question and answer over it. It belongs to the network namespace of the thread that opened it, and stays there.
/// No call waits longer than <see cref="AnswerSeconds"/> for the kernel's next word. Not for several threads at once.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    public const int RouteFamily = 0; // NETLINK_ROUTE
    public const int NetfilterFamily = 12; // NETLINK_NETFILTER

    /// <summary>The kernel answers in well under a second, also with a full connection table.</summary>
    private const int AnswerSeconds = 5;
    private const int DumpAttempts = 3;

    // The kernel's parts of a long answer have at most 32 KiB.
    private const int BufferLength = 64 << 10;
    private const int KernelBuffer = 8 << 20;

    private const int NetlinkLevel = 270; // SOL_NETLINK
    private const int ShortAcknowledgements = 10; // NETLINK_CAP_ACK
    private const int SendBuffer = 32; // SO_SNDBUFFORCE
    private const int ReceiveBuffer = 33; // SO_RCVBUFFORCE
    private const int ReceiveTimeout = 20; // SO_RCVTIMEO

    private readonly SafeFileHandle _socket;
    private readonly byte[] _buffer = new byte[BufferLength];

    private NetlinkSocket(SafeFileHandle socket) => _socket = socket;

    /// <summary>Opens one in the network namespace of the calling thread.</summary>
    /// <exception cref="KernelException">The kernel has no such family, or the agent may not.</exception>
    public static NetlinkSocket Open(int family)
    {
        var socket = Libc.NewSocket(Libc.NetlinkFamily, Libc.Raw, family);
        if (socket.IsInvalid)
        {
            throw KernelException.Of($"a netlink socket of family {family} cannot be opened", Libc.LastError);
        }

        try
        {
            Set(socket, Libc.SocketLevel, ReceiveBuffer, KernelBuffer);
            Set(socket, Libc.SocketLevel, SendBuffer, KernelBuffer);
            Set(socket, NetlinkLevel, ShortAcknowledgements, 1);
            Set(socket, Libc.SocketLevel, ReceiveTimeout, AnswerSeconds, 0);
            return new NetlinkSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>From now on what the kernel tells to groups comes here too.</summary>
    /// <param name="groups">A bit for each, the first group's is 1.</param>
    /// <exception cref="KernelException">There is no such group, or the agent may not.</exception>
    public unsafe void Join(uint groups)
    {
        // struct sockaddr_nl. With an address that the kernel chooses: a socket without one hears nothing.
        Span<uint> address = [Libc.NetlinkFamily, 0, groups];
        fixed (uint* bytes = address)
        {
            if (Libc.Bind(_socket, bytes, address.Length * sizeof(uint)) < 0)
            {
                throw KernelException.Of($"groups {groups:x} of netlink cannot be joined", Libc.LastError);
            }
        }
    }

    /// <summary>Takes what has come, and waits for nothing.</summary>
    /// <returns>False when something was lost for want of room.</returns>
    public bool Drain(string what, NetlinkHandler told)
    {
        var whole = true;
        while (true)
        {
            switch (Receive(what, Libc.DontWait))
            {
                case null:
                    whole = false;
                    break;
                case 0:
                    return whole;
                case { } length:
                    foreach (var message in new NetlinkMessages(_buffer.AsSpan(0, length)))
                    {
                        told(message);
                    }

                    break;
            }
        }
    }

    /// <summary>
    /// Sends requests of which the last is to be acknowledged, and waits for that. The kernel works through them in order, so the answers to
    /// all others have come by then.
    /// </summary>
    /// <param name="requests">At least one request.</param>
    /// <param name="what">What is asked, for the message of an exception.</param>
    /// <param name="answers">Gets what comes before, errors of the other requests included.</param>
    /// <returns>The error of the last request, as in errno; 0 when it went well.</returns>
    public int Ask(NetlinkWriter requests, string what, NetlinkHandler? answers = null)
    {
        Send(requests, what);
        while (true)
        {
            if (Receive(what) is not { } length)
            {
                throw KernelException.Of(what, Libc.NoBuffers);
            }

            foreach (var message in new NetlinkMessages(_buffer.AsSpan(0, length)))
            {
                if (message.Type == NetlinkMessage.Error && message.Sequence == requests.Sequence)
                {
                    return ErrorOf(message);
                }

                // Answers that somebody did not wait for long enough have a smaller number.
                if (requests.Sequence - message.Sequence < requests.Count)
                {
                    answers?.Invoke(message);
                }
            }
        }
    }

    /// <summary>Asks for all there are, again where the kernel says that its answer is not whole.</summary>
    /// <param name="requests">Empty; for the request.</param>
    /// <param name="write">Writes the request, and forgets what an earlier attempt gave.</param>
    /// <param name="what">What is asked, for the message of an exception.</param>
    /// <param name="answers">Gets each.</param>
    /// <exception cref="KernelException">The kernel refuses, or has changed too much each time.</exception>
    public void Dump(NetlinkWriter requests, Action<NetlinkWriter> write, string what, NetlinkHandler answers)
    {
        for (var attempt = 0; attempt < DumpAttempts; attempt++)
        {
            requests.Clear();
            write(requests);
            Send(requests, what);
            if (IsWhole(requests.Sequence, what, answers))
            {
                return;
            }
        }

        throw new KernelException($"{what}: it changed {DumpAttempts} times while the kernel listed it; it will be listed again");
    }

    /// <summary>The error that a message carries, as in errno; 0 for an acknowledgement.</summary>
    public static int ErrorOf(NetlinkMessage message) =>
        BinaryPrimitives.TryReadInt32LittleEndian(message.Payload, out var error) ? -error : 0;

    private bool IsWhole(uint sequence, string what, NetlinkHandler answers)
    {
        var whole = true;
        while (true)
        {
            // Also one that lost something has to be read to its end: the kernel begins no other before.
            if (Receive(what) is not { } length)
            {
                whole = false;
                continue;
            }

            foreach (var message in new NetlinkMessages(_buffer.AsSpan(0, length)))
            {
                if (message.Sequence != sequence)
                {
                    continue;
                }

                whole &= (message.Flags & NetlinkMessage.Interrupted) == 0;
                if (message.Type is NetlinkMessage.Done or NetlinkMessage.Error)
                {
                    return ErrorOf(message) is var error and > 0 ? error == Libc.Interrupted ? false : throw KernelException.Of(what, error) : whole;
                }

                answers(message);
            }
        }
    }

    private unsafe void Send(NetlinkWriter requests, string what)
    {
        fixed (byte* bytes = requests.Written)
        {
            while (Libc.Send(_socket, bytes, requests.Length, 0) < 0)
            {
                if (Libc.LastError != Libc.Interrupted)
                {
                    throw KernelException.Of(what, Libc.LastError);
                }
            }
        }
    }

    /// <summary>The length of what came; null when something was lost for want of room; 0 when it was not to wait and nothing was there.</summary>
    private unsafe int? Receive(string what, int flags = 0)
    {
        fixed (byte* bytes = _buffer)
        {
            while (true)
            {
                var length = Libc.Receive(_socket, bytes, _buffer.Length, flags);
                if (length >= 0)
                {
                    return (int)length;
                }

                switch (Libc.LastError)
                {
                    case Libc.Interrupted:
                        continue;
                    case Libc.NoBuffers:
                        return null;
                    case Libc.TryAgain when flags == Libc.DontWait:
                        return 0;
                    case Libc.TryAgain:
                        throw new KernelException($"{what}: the kernel has not answered within {AnswerSeconds} s; look at the node's load and its kernel log");
                    case var error:
                        throw KernelException.Of(what, error);
                }
            }
        }
    }

    private static unsafe void Set(SafeFileHandle socket, int level, int name, params ReadOnlySpan<long> value)
    {
        // One number is an int, two are a struct timeval.
        var number = (int)value[0];
        fixed (long* pair = value)
        {
            if ((value.Length == 1 ? Libc.SetOption(socket, level, name, &number, sizeof(int)) : Libc.SetOption(socket, level, name, pair, sizeof(long) * 2)) < 0)
            {
                throw KernelException.Of($"option {name} of a netlink socket cannot be set", Libc.LastError);
            }
        }
    }
}
