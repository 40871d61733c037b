using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// Sends whole Ethernet frames on one device, each behind the 10-byte header of virtio that says which checksum is still to be made and
/// how a large frame is to be cut. Receives nothing.
/// </summary>
internal sealed class PacketSocket : IDisposable
{
    /// <summary>struct virtio_net_hdr.</summary>
    public const int OffloadHeader = 10;

    private const int PacketLevel = 263; // SOL_PACKET
    private const int WithOffloadHeader = 15; // PACKET_VNET_HDR
    private const nuint GetIndex = 0x8933; // SIOCGIFINDEX
    private const int InterfaceRequest = 40; // struct ifreq
    private const int NameLimit = 15;
    private const int AddressLength = 20; // struct sockaddr_ll

    private readonly SafeFileHandle _socket;
    private readonly byte[] _address;

    private PacketSocket(SafeFileHandle socket, byte[] address) => (_socket, _address) = (socket, address);

    /// <summary>Opens one in the network namespace of the calling thread.</summary>
    /// <exception cref="KernelException">There is no such device, or the agent may not.</exception>
    public static unsafe PacketSocket Open(string device)
    {
        var what = $"frames cannot be sent on the device {device}";

        // Of no protocol: it would otherwise get a copy of all that passes.
        var socket = Libc.NewSocket(Libc.PacketFamily, Libc.Raw, 0);
        try
        {
            var on = 1;
            if (socket.IsInvalid || Libc.SetOption(socket, PacketLevel, WithOffloadHeader, &on, sizeof(int)) < 0)
            {
                throw KernelException.Of(what, Libc.LastError);
            }

            var request = stackalloc byte[InterfaceRequest];
            new Span<byte>(request, InterfaceRequest).Clear();
            if (!Encoding.ASCII.TryGetBytes(device, new Span<byte>(request, NameLimit), out _) || Libc.Control(socket, GetIndex, request) < 0)
            {
                throw KernelException.Of(what, Libc.NoDevice);
            }

            var address = new byte[AddressLength];
            BinaryPrimitives.WriteUInt16LittleEndian(address, Libc.PacketFamily);
            BinaryPrimitives.WriteUInt16BigEndian(address.AsSpan(2), TapFrame.Ipv4);
            new ReadOnlySpan<byte>(request + NameLimit + 1, sizeof(int)).CopyTo(address.AsSpan(4));
            return new PacketSocket(socket, address);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends one frame, header of virtio first; false when the device did not take it, as a full queue does not.</summary>
    public unsafe bool TrySend(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            fixed (byte* address = _address)
            {
                nint sent;
                do
                {
                    sent = Libc.SendTo(_socket, bytes, frame.Length, 0, address, AddressLength);
                }
                while (sent < 0 && Libc.LastError == Libc.Interrupted);

                return sent == frame.Length;
            }
        }
    }
}
