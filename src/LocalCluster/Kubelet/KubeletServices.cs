using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Network;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>What the workers of a node's pods share.</summary>
internal sealed record KubeletServices(
    ApiClient Api,
    KubeletOptions Options,
    KubeletPaths Paths,
    HostTools Tools,
    ContainerRuntime Runtime,
    RootFilesystem Roots,
    PodSandbox Sandboxes,
    PodNetworks Networks,
    VolumeManager Volumes,
    PodEnvironment Environments,
    ImagePuller Images,
    DeviceManager Devices,
    Prober Prober,
    EventRecorder Events,
    TimeProvider Time,
    ILogger Logger)
{
    /// <summary>Capabilities that containers can be given on this machine.</summary>
    public IReadOnlyList<string> Capabilities { get; } = ProcessTable.BoundingCapabilities();
}
