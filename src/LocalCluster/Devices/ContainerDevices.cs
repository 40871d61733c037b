using Godwit.LocalCluster.Kubelet;

namespace Godwit.LocalCluster.Devices;

/// <summary>All that device plug-ins gave one container.</summary>
public sealed record ContainerDevices
{
    public static ContainerDevices None { get; } = new();

    public IReadOnlyList<OciDevice> Devices { get; init; } = [];
    public IReadOnlyList<OciMount> Mounts { get; init; } = [];
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}
