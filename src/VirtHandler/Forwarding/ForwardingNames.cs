using System.Globalization;
using System.Net;
using Godwit.Types;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Numbers and names on which the two ends of a tunnel agree.</summary>
public static class ForwardingNames
{
    /// <summary>The network namespace's table for what goes through tunnels; there only while there are any.</summary>
    public const string Table = "godwit_forwarding";

    /// <summary>A tunnel's device in the pod that the guest has left ends with the migration it was made for.</summary>
    public const string OutgoingPrefix = "fwd-";

    /// <summary>A tunnel's device in the pod that the guest has come to ends with the mark of the flows it carries.</summary>
    public const string IncomingPrefix = "old-";

    /// <summary>The part of conntrack's and packets' marks that is ours; the rest may belong to something else in the pod.</summary>
    public const uint MarkMask = 0x00ff0000;

    /// <summary>So many pods can forward to one at a time.</summary>
    public const int MostMarks = 15;

    /// <summary>Addresses in the tunnels themselves, by which they are tested: 169.254.96.0/19, two to a tunnel.</summary>
    public const string ProbeNetwork = "169.254.96.0/19";

    /// <summary>Pairs of addresses in <see cref="ProbeNetwork"/>; the first is left out.</summary>
    public const int ProbePairs = 4096;

    /// <summary>Length of the address, UDP and VXLAN headers and of the inner Ethernet header, bytes.</summary>
    public const int TunnelHeaders = 50;

    /// <summary>The port on which the target takes flows over, TCP.</summary>
    public const int HandoverPort = MigrationModes.PortRoleHandover;

    /// <summary>Both ends' UDP port of all tunnels: one flow in the eyes of what is between the pods.</summary>
    public const int TunnelPort = MigrationModes.PortRoleTunnel;

    private const uint FirstProbe = (169u << 24) | (254u << 16) | (96u << 8);

    /// <summary>The bits that a mark's number stands for.</summary>
    public static uint Bits(int mark) => (uint)mark << 16;

    /// <summary>The number that a mark's bits stand for; 0 when it is none of ours.</summary>
    public static int Number(uint bits) => (int)((bits & MarkMask) >> 16);

    public static string OutgoingDevice(string migrationUid) => OutgoingPrefix + migrationUid.Replace("-", "", StringComparison.Ordinal)[..8];

    public static string IncomingDevice(int mark) => IncomingPrefix + mark.ToString(CultureInfo.InvariantCulture);

    /// <summary>The address by which the end of a tunnel in the pod that the guest has left is known in it.</summary>
    public static IPAddress OutgoingProbe(int pair) => Address(FirstProbe + ((uint)pair * 2));

    /// <summary>The address of the other end.</summary>
    public static IPAddress IncomingProbe(int pair) => Address(FirstProbe + ((uint)pair * 2) + 1);

    private static IPAddress Address(uint value) => new([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]);
}
