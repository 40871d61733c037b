using System.Net;

namespace Godwit.LocalCluster.Network;

/// <summary>
/// Hardware addresses that follow from network addresses. The kernel gives a wire a new one each time it is made, and a bridge the
/// lowest of its ports': whoever had learnt the old one would then speak to nobody for half a minute.
/// </summary>
internal static class HardwareAddress
{
    /// <summary>The address of an interface that has this network address: one of those that are given locally (IEEE 802, U/L bit).</summary>
    /// <param name="address">An IPv4 address.</param>
    public static string Of(IPAddress address) => string.Join(':', new byte[] { 0x02, 0x67 }.Concat(address.GetAddressBytes()).Select(static b => $"{b:x2}"));
}
