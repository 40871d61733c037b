using System.Net;
using System.Text.Json.Serialization;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>A tunnel from a pod that a guest has left, or is about to leave, to the pod that it went to; both ends have the same.</summary>
public sealed record Tunnel
{
    /// <summary>The migration for which it was made.</summary>
    public required string MigrationUid { get; init; }

    /// <summary>The number of the flows that it carries, 1 to <see cref="ForwardingNames.MostMarks"/>.</summary>
    public required int Mark { get; init; }

    /// <summary>VXLAN network identifier, 24 bits.</summary>
    public required int Vni { get; init; }

    /// <summary>Which pair of <see cref="ForwardingNames.ProbeNetwork"/> is its own.</summary>
    public required int Probe { get; init; }

    /// <summary>The address of the pod that the guest has left.</summary>
    public required string SourceIp { get; init; }

    public required string SourceMac { get; init; }

    /// <summary>Name and UID of that pod.</summary>
    public required string SourcePod { get; init; }

    public required string SourcePodUid { get; init; }

    public required string TargetIp { get; init; }

    public required string TargetMac { get; init; }

    public required string TargetPodUid { get; init; }

    /// <summary>The guest's own address behind both pods' masquerade.</summary>
    public required string Guest { get; init; }

    /// <summary>The largest packet inside, bytes.</summary>
    public required int Mtu { get; init; }

    [JsonIgnore]
    public string OutgoingDevice => ForwardingNames.OutgoingDevice(MigrationUid);

    [JsonIgnore]
    public string IncomingDevice => ForwardingNames.IncomingDevice(Mark);

    [JsonIgnore]
    public IPAddress GuestAddress => IPAddress.Parse(Guest);
}
