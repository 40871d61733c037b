using System.Net.NetworkInformation;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// Saves the frames that lie in the tap of a guest that has stopped: they came before its address was led into the tunnel, and QEMU will
/// never read them.
/// </summary>
public static class TapDrain
{
    /// <summary>The longest frame a tap gives: an IPv4 packet with Ethernet's and virtio's headers, and room.</summary>
    private const int LongestFrame = 66 << 10;

    /// <summary>More than any queue of a tap holds: who still fills it is not waited for.</summary>
    private const int MostFrames = 200_000;

    /// <summary>Moves all frames that wait in the tap into the tunnel, IPv4 only, and returns when none is left.</summary>
    /// <param name="qemuPid">QEMU's process, stopped guest and all; it may have ended.</param>
    /// <param name="tapName">The tap in the pod.</param>
    /// <param name="pod">The network of the pod that the guest left.</param>
    /// <param name="tunnelDevice">The device there that leads to where the guest goes.</param>
    /// <param name="sourceMac">That device's address.</param>
    /// <param name="destinationMac">The address of the device at its other end.</param>
    /// <returns>How many frames were moved; 0 when QEMU has ended or has no such tap.</returns>
    /// <exception cref="KernelException">There is no such tunnel, or the agent may not.</exception>
    public static int Drain(int qemuPid, string tapName, PodSockets pod, string tunnelDevice, PhysicalAddress sourceMac, PhysicalAddress destinationMac)
    {
        using var tunnel = pod.OpenPacket(tunnelDevice);
        var queues = TapQueue.Of(qemuPid, tapName);
        try
        {
            var buffer = new byte[PacketSocket.OffloadHeader + LongestFrame];
            return queues.Sum(queue => Drain(queue, tunnel, buffer, sourceMac, destinationMac));
        }
        finally
        {
            queues.ForEach(queue => queue.Dispose());
        }
    }

    private static int Drain(TapQueue queue, PacketSocket tunnel, byte[] buffer, PhysicalAddress sourceMac, PhysicalAddress destinationMac)
    {
        var moved = 0;
        for (var read = 0; read < MostFrames && queue.TryRead(buffer.AsSpan(PacketSocket.OffloadHeader)) is { } length; read++)
        {
            var frame = TapFrame.Readdress(buffer.AsSpan(0, PacketSocket.OffloadHeader + length), queue.HeaderLength, sourceMac, destinationMac);
            moved += frame.Length > 0 && tunnel.TrySend(frame) ? 1 : 0;
        }

        return moved;
    }
}
