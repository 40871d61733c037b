using System.Net.NetworkInformation;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// Saves the frames that lie in the tap of a guest that has stopped: they came before its address was led into the tunnel, and QEMU will
/// never read them. Opened before the guest stops and disposed when it runs elsewhere, as the kernel takes some 10 ms to close what it sends
/// with; a tap lives as long as this is open. For one thread.
/// </summary>
public sealed class TapDrain : IDisposable
{
    /// <summary>The longest frame a tap gives: an IPv4 packet with Ethernet's and virtio's headers, and room.</summary>
    private const int LongestFrame = 66 << 10;

    /// <summary>More than a queue of a tap holds: who still fills it is not waited for.</summary>
    private const int MostFrames = 200_000;

    private readonly byte[] _buffer = new byte[PacketSocket.OffloadHeader + LongestFrame];
    private readonly PacketSocket _tunnel;
    private readonly List<TapQueue> _queues;
    private readonly PhysicalAddress _source;
    private readonly PhysicalAddress _destination;

    private TapDrain(PacketSocket tunnel, List<TapQueue> queues, PhysicalAddress source, PhysicalAddress destination) =>
        (_tunnel, _queues, _source, _destination) = (tunnel, queues, source, destination);

    /// <summary>Takes hold of all queues of QEMU's tap, and of the tunnel. QEMU goes on reading as before.</summary>
    /// <param name="qemuPid">QEMU's process; with one that has ended, or has no such tap, there will be no frames.</param>
    /// <param name="tapName">The tap in the pod.</param>
    /// <param name="pod">The network of the pod that the guest leaves.</param>
    /// <param name="tunnelDevice">The device there that leads to where the guest goes.</param>
    /// <param name="sourceMac">That device's address.</param>
    /// <param name="destinationMac">The address of the device at its other end.</param>
    /// <exception cref="KernelException">There is no such tunnel, or the agent may not.</exception>
    public static TapDrain Open(int qemuPid, string tapName, PodSockets pod, string tunnelDevice, PhysicalAddress sourceMac, PhysicalAddress destinationMac)
    {
        var tunnel = pod.OpenPacket(tunnelDevice);
        try
        {
            return new TapDrain(tunnel, TapQueue.Of(qemuPid, tapName), sourceMac, destinationMac);
        }
        catch
        {
            tunnel.Dispose();
            throw;
        }
    }

    /// <summary>Opens, drains and closes at once, where 10 ms more do not matter; see <see cref="Open"/> and <see cref="Drain()"/>.</summary>
    /// <returns>How many frames were moved; 0 when QEMU has ended or has no such tap.</returns>
    /// <exception cref="KernelException">There is no such tunnel, or the agent may not.</exception>
    public static int Drain(int qemuPid, string tapName, PodSockets pod, string tunnelDevice, PhysicalAddress sourceMac, PhysicalAddress destinationMac)
    {
        using var drain = Open(qemuPid, tapName, pod, tunnelDevice, sourceMac, destinationMac);
        return drain.Drain();
    }

    /// <summary>
    /// Moves all IPv4 frames that wait in the tap into the tunnel, and returns when none is left. The guest has to stand still, and its address
    /// to lead elsewhere, or frames come as fast as they go. One frame may be lost: the one that QEMU took before it saw that its guest takes none.
    /// </summary>
    /// <returns>How many frames were moved.</returns>
    public int Drain() => _queues.Sum(Drain);

    public void Dispose()
    {
        _queues.ForEach(queue => queue.Dispose());
        _tunnel.Dispose();
    }

    private int Drain(TapQueue queue)
    {
        var moved = 0;
        for (var read = 0; read < MostFrames && queue.TryRead(_buffer.AsSpan(PacketSocket.OffloadHeader)) is { } length; read++)
        {
            var frame = TapFrame.Readdress(_buffer.AsSpan(0, PacketSocket.OffloadHeader + length), queue.HeaderLength, _source, _destination);
            moved += frame.Length > 0 && _tunnel.TrySend(frame) ? 1 : 0;
        }

        return moved;
    }
}
