using Godwit.DevicePlugins;
using Godwit.Types;

namespace Godwit.VirtHandler.Devices;

/// <summary>A device node that launcher pods get by an extended resource. Any number of guests share it, so it is offered many times.</summary>
/// <param name="Resource">The extended resource, as <c>devices.kubevirt.io/kvm</c>.</param>
/// <param name="Path">The device node, the same on the node and in the pod.</param>
public sealed record NodeDevice(string Resource, string Path)
{
    /// <summary>Read and write: nobody makes device nodes in a pod.</summary>
    private const string Permissions = "rw";

    /// <summary>What launcher pods ask for, under KubeVirt's names.</summary>
    public static IReadOnlyList<NodeDevice> All { get; } =
    [
        new(Launcher.TunDevice, "/dev/net/tun"),
        new(Launcher.KvmDevice, "/dev/kvm"),
        new(Launcher.VhostNetDevice, "/dev/vhost-net"),
        new(Launcher.UserfaultfdDevice, "/dev/userfaultfd"),
    ];

    /// <summary>The resource without its domain.</summary>
    public string Name => Resource[(Resource.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>The plug-in's socket in the kubelet's folder; none of the names that KubeVirt's plug-ins use.</summary>
    public string Socket => $"godwit-{Name}.sock";

    /// <summary>What the kubelet is told: <paramref name="count"/> times the device, all of the same health.</summary>
    public ListAndWatchResponse Offer(int count, bool healthy)
    {
        var offer = new ListAndWatchResponse();
        offer.Devices.AddRange(Enumerable.Range(0, count).Select(i => new Device
        {
            ID = $"{Name}{i}",
            Health = healthy ? DevicePluginApi.Healthy : DevicePluginApi.Unhealthy,
        }));
        return offer;
    }

    /// <summary>What a container that was given the device needs.</summary>
    public ContainerAllocateResponse Grant() => new()
    {
        Devices = { new DeviceSpec { HostPath = Path, ContainerPath = Path, Permissions = Permissions } },
    };
}
