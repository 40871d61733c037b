namespace Godwit.LocalCluster.Devices;

/// <summary>What a container was given of one extended resource. It stays the container's through restarts of it and of the kubelet.</summary>
public sealed record DeviceAllocation
{
    public required string PodUid { get; init; }
    public required string Container { get; init; }
    public required string Resource { get; init; }
    public required IReadOnlyList<string> DeviceIds { get; init; }
    public IReadOnlyList<AllocatedDevice> Devices { get; init; } = [];
    public IReadOnlyList<AllocatedMount> Mounts { get; init; } = [];
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}
