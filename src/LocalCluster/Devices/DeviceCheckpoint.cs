namespace Godwit.LocalCluster.Devices;

/// <summary>What a kubelet that was started again needs to know of devices.</summary>
public sealed record DeviceCheckpoint
{
    /// <summary>Resources that plug-ins had registered. Until they do so again the node has none of them.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];
    public IReadOnlyList<DeviceAllocation> Allocations { get; init; } = [];
}
