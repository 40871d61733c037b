using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Godwit.VirtHandler.Network;

/// <summary>The subnet behind the masquerade: first address is the gateway's, second is the guest's.</summary>
public sealed record GuestSubnet(string Gateway, string Guest, int PrefixLength)
{
    public static GuestSubnet Default { get; } = new("10.0.2.1", "10.0.2.2", 24);

    public string Netmask => ToText(uint.MaxValue << (32 - PrefixLength));

    /// <summary>Reads <c>10.0.2.0/24</c>; null means the default.</summary>
    public static GuestSubnet Parse(string? cidr)
    {
        if (string.IsNullOrEmpty(cidr))
        {
            return Default;
        }

        var parts = cidr.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var address) || address.AddressFamily != AddressFamily.InterNetwork
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length is < 8 or > 30)
        {
            throw new FormatException($"vmNetworkCIDR \"{cidr}\" is not an IPv4 network of at least four addresses, such as 10.0.2.0/24");
        }

        var network = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()) & (uint.MaxValue << (32 - length));
        return new GuestSubnet(ToText(network + 1), ToText(network + 2), length);
    }

    private static string ToText(uint address)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, address);
        return new IPAddress(bytes).ToString();
    }
}
