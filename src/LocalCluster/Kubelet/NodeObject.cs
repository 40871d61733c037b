using System.Text.Json.Nodes;
using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Writes the Node object; pure.</summary>
public static class NodeObject
{
    /// <summary>Labels that every node of this cluster has.</summary>
    public static JsonObject Labels(KubeletOptions options)
    {
        var labels = new JsonObject
        {
            ["kubernetes.io/hostname"] = options.NodeName,
            ["kubernetes.io/arch"] = "amd64",
            ["kubernetes.io/os"] = "linux",
            ["beta.kubernetes.io/arch"] = "amd64",
            ["beta.kubernetes.io/os"] = "linux",
        };
        foreach (var (name, value) in options.Labels)
        {
            labels[name] = value;
        }
        return labels;
    }

    public static JsonObject Status(
        KubeletOptions options, IReadOnlyList<OfferedResource> devices, NodeFacts machine, Node? known, DateTimeOffset now)
    {
        var capacity = new JsonObject();
        foreach (var (name, value) in options.Capacity)
        {
            capacity[name] = value;
        }
        var allocatable = capacity.DeepClone();
        foreach (var device in devices)
        {
            capacity[device.Name] = $"{device.Capacity}";
            allocatable[device.Name] = $"{device.Allocatable}";
        }
        return new JsonObject
        {
            ["capacity"] = capacity,
            ["allocatable"] = allocatable,
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = options.Place.Address.ToString() },
                new JsonObject { ["type"] = "Hostname", ["address"] = options.NodeName }),
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", known, now),
                Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", known, now),
                Condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", known, now),
                Condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", known, now)),
            ["nodeInfo"] = new JsonObject
            {
                ["machineID"] = machine.MachineId,
                ["systemUUID"] = machine.MachineId,
                ["bootID"] = machine.BootId,
                ["kernelVersion"] = machine.Kernel,
                ["osImage"] = machine.OperatingSystem,
                ["containerRuntimeVersion"] = machine.Runtime,
                ["kubeletVersion"] = options.Version,
                ["kubeProxyVersion"] = "",
                ["operatingSystem"] = "linux",
                ["architecture"] = "amd64",
            },
        };
    }

    private static JsonObject Condition(string type, string status, string reason, string message, Node? known, DateTimeOffset now)
    {
        var before = known?.Status.Conditions?.Find(c => c.Type == type);
        var since = before?.Status == status ? before.LastTransitionTime ?? now : now;
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastHeartbeatTime"] = PodStatusBuilder.Time(now),
            ["lastTransitionTime"] = PodStatusBuilder.Time(since),
        };
    }
}
