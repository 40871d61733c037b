using System.Globalization;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Devices;

/// <summary>Reads what the host's device nodes are, so that the same ones can be made in a container, with the host's owner and mode.</summary>
public static class DeviceNodes
{
    /// <exception cref="PodConfigException">One is missing or no device.</exception>
    public static async Task<IReadOnlyList<OciDevice>> ReadAsync(HostTools tools, IReadOnlyList<AllocatedDevice> devices, CancellationToken cancellation)
    {
        if (devices.Count == 0)
        {
            return [];
        }
        var result = await tools.TryRunAsync("stat", ["-L", "-c", "%F|%t|%T|%a|%u|%g", .. devices.Select(d => d.HostPath)], cancellation);
        return result.Succeeded
            ? [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Zip(devices, (line, device) => Parse(line, device))]
            : throw new PodConfigException("CreateContainerError", $"a device of the container is not on the host: {result.Error.Trim()}");
    }

    private static OciDevice Parse(string line, AllocatedDevice device)
    {
        var parts = line.Split('|');
        var type = parts[0] switch
        {
            "character special file" => 'c',
            "block special file" => 'b',
            _ => throw new PodConfigException("CreateContainerError", $"{device.HostPath}, which is to be {device.ContainerPath} in the container, is a {parts[0]} and no device"),
        };
        return new OciDevice(device.ContainerPath, type, Convert.ToInt64(parts[1], 16), Convert.ToInt64(parts[2], 16))
        {
            Access = device.Permissions,
            Mode = Convert.ToInt32(parts[3], 8),
            User = long.Parse(parts[4], CultureInfo.InvariantCulture),
            Group = long.Parse(parts[5], CultureInfo.InvariantCulture),
        };
    }
}
