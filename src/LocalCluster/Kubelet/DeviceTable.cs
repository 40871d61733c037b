using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>The device nodes behind the extended resources of a node; only those that exist are offered.</summary>
public sealed class DeviceTable
{
    private readonly Dictionary<string, (DeviceResource Resource, OciDevice Device)> _devices;

    private DeviceTable(Dictionary<string, (DeviceResource, OciDevice)> devices) => _devices = devices;

    /// <summary>Extended resources and how many the node has of each.</summary>
    public IReadOnlyDictionary<string, string> Capacity => _devices.ToDictionary(d => d.Key, d => $"{d.Value.Resource.Count}", StringComparer.Ordinal);

    /// <summary>Looks which of the devices exist.</summary>
    public static async Task<DeviceTable> OpenAsync(HostTools tools, IReadOnlyList<DeviceResource> resources, CancellationToken cancellation)
    {
        var found = new Dictionary<string, (DeviceResource, OciDevice)>(StringComparer.Ordinal);
        foreach (var resource in resources)
        {
            var result = await tools.TryRunAsync("stat", ["-L", "-c", "%F:%t:%T", resource.Path], cancellation);
            if (result.Succeeded && result.Output.Trim().Split(':') is [var kind, var major, var minor])
            {
                var type = kind.StartsWith("block", StringComparison.Ordinal) ? 'b' : 'c';
                found[resource.Resource] = (resource, new OciDevice(resource.Path, type, Convert.ToInt64(major, 16), Convert.ToInt64(minor, 16)));
            }
        }
        return new DeviceTable(found);
    }

    /// <summary>The devices that a container's limits give it.</summary>
    public IReadOnlyList<OciDevice> Of(Container container) =>
        [.. (container.Resources?.Limits ?? []).Where(l => Amounts.Units(l.Value) > 0 && _devices.ContainsKey(l.Key)).Select(l => _devices[l.Key].Device)];
}
