using Godwit.DevicePlugins;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Where a node keeps what. Pod folders look as the real kubelet's, so that agents find volumes where they expect them.</summary>
public sealed record KubeletPaths(string ClusterName, string StateDirectory, string Node)
{
    private const string WellKnownRoot = "/var/lib/kubelet";

    public string NodeFolder => Path.Combine(StateDirectory, "nodes", Node);

    /// <summary>The kubelet's root as agents of the node are told.</summary>
    public string Root => Path.Combine(NodeFolder, "kubelet");

    /// <summary>Nodes share the machine's files but for this: what pods know as the kubelet's folder is each node's own.</summary>
    public string OnNode(string path) => path == WellKnownRoot || path.StartsWith(WellKnownRoot + "/", StringComparison.Ordinal)
        ? Root + path[WellKnownRoot.Length..]
        : path;

    /// <summary>Where device plug-ins meet the kubelet.</summary>
    public string DevicePlugins => Path.Combine(Root, DevicePluginApi.Folder);

    public string DeviceCheckpoint => Path.Combine(NodeFolder, "devices.json");

    public string Pods => Path.Combine(Root, "pods");

    public string Containers => Path.Combine(NodeFolder, "containers");

    /// <summary>conmon writes a container's exit code here, in a file named after its ID.</summary>
    public string Exits => Path.Combine(NodeFolder, "exits");

    public string Logs => Path.Combine(NodeFolder, "logs");

    /// <summary>While this file is there the node is without power.</summary>
    public string PowerOff => Path.Combine(NodeFolder, "off");

    public string Cni => Path.Combine(NodeFolder, "cni");

    public string Images => ImagesOf(StateDirectory);

    /// <summary>What must not outlive the machine's run: runc's state and sockets.</summary>
    public string Runtime => RuntimeOf(ClusterName);

    public string RuncRoot => Path.Combine(Runtime, "runc");

    public string Sockets => Path.Combine(Runtime, "s");

    public string Pod(string uid) => Path.Combine(Pods, uid);

    public string Volume(string uid, string plugin, string volume) => Path.Combine(Pod(uid), "volumes", $"kubernetes.io~{plugin}", volume);

    public string Container(string id) => Path.Combine(Containers, id);

    public string LogFolder(string @namespace, string pod, string uid, string container) =>
        Path.Combine(Logs, $"{@namespace}_{pod}_{uid}", container);

    public static string ImagesOf(string stateDirectory) => Path.Combine(stateDirectory, "images");

    /// <summary>Addresses given away on networks that reach over all nodes.</summary>
    public static string NetworksOf(string stateDirectory) => Path.Combine(stateDirectory, "networks");

    public static string RuntimeOf(string clusterName) => $"/run/godwit/{clusterName}";

    /// <summary>Cgroup of all pods of a cluster; absolute in each hierarchy.</summary>
    public static string CgroupOf(string clusterName) => $"/godwit/{clusterName}";

    public string PodNamespace(string uid) => $"{ClusterName}-pod-{uid[..Math.Min(8, uid.Length)]}";
}
