using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Network;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Takes a cluster off the machine: containers, networks, mounts, cgroups. It needs nothing but the state folder, works after
/// any crash and may be repeated; what does not carry the cluster's name is not touched. To the cluster it is like switching
/// the machine off: objects, logs and volumes stay in the state folder.
/// </summary>
public static class ClusterCleanup
{
    /// <returns>What was taken away, one line each; empty when there was nothing.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(string stateDirectory, CancellationToken cancellation)
    {
        var file = Path.Combine(stateDirectory, "cluster.json");
        if (!File.Exists(file))
        {
            throw new FileNotFoundException($"{file} does not exist: there was no cluster in this folder");
        }
        var json = JsonNode.Parse(await File.ReadAllTextAsync(file, cancellation));
        var defaults = new ClusterOptions { StateDirectory = Path.GetFullPath(stateDirectory) };
        return await RunAsync(
            defaults with
            {
                Name = json.Text("name") ?? defaults.Name,
                NodeCidr = json.Text("nodeCidr") ?? defaults.NodeCidr,
                PodCidr = json.Text("podCidr") ?? defaults.PodCidr,
                Nodes = json.At("nodes") is JsonArray nodes ? [.. nodes.Select(n => (string)n!)] : defaults.Nodes,
            },
            cancellation);
    }

    /// <inheritdoc cref="RunAsync(string, CancellationToken)"/>
    public static async Task<IReadOnlyList<string>> RunAsync(ClusterOptions options, CancellationToken cancellation)
    {
        var tools = new HostTools(TimeProvider.System);
        var done = new List<string>();
        var network = new ClusterNetwork(options.Name, IPNetwork.Parse(options.NodeCidr), IPNetwork.Parse(options.PodCidr), NodesOf(options));
        await EndContainersAsync(tools, options.Name, network, options.StateDirectory, done, cancellation);
        await RemoveNetworksAsync(tools, network, done, cancellation);
        foreach (var place in network.Places)
        {
            // The plug-ins' addresses were of namespaces that are gone.
            StateFile.DeleteFolder(new KubeletPaths(options.Name, options.StateDirectory, place.Node).Cni);
        }
        StateFile.DeleteFolder(KubeletPaths.NetworksOf(options.StateDirectory));
        var nodes = Path.Combine(options.StateDirectory, "nodes");
        if (HostMounts.Below(nodes) is { Count: > 0 } mounts)
        {
            await new HostMounts(tools).UnmountBelowAsync(nodes, cancellation);
            done.Add($"{mounts.Count} mounts");
        }
        if (PodCgroups.Exists(KubeletPaths.CgroupOf(options.Name)))
        {
            await PodCgroups.RemoveAsync(tools, KubeletPaths.CgroupOf(options.Name), cancellation);
            done.Add("cgroups");
        }
        StateFile.DeleteFolder(KubeletPaths.RuntimeOf(options.Name));
        return done;
    }

    /// <summary>Also nodes of an earlier, larger cluster left their folders.</summary>
    private static IReadOnlyList<string> NodesOf(ClusterOptions options)
    {
        var folder = Path.Combine(options.StateDirectory, "nodes");
        var onDisk = Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Select(d => Path.GetFileName(d)!) : [];
        return [.. options.Nodes, .. onDisk.Except(options.Nodes).Order(StringComparer.Ordinal)];
    }

    private static async Task EndContainersAsync(
        HostTools tools, string cluster, ClusterNetwork network, string state, List<string> done, CancellationToken cancellation)
    {
        var root = Path.Combine(KubeletPaths.RuntimeOf(cluster), "runc");
        var known = Directory.Exists(root) ? Directory.EnumerateDirectories(root).Select(d => Path.GetFileName(d)!).ToList() : [];
        var count = 0;
        foreach (var place in network.Places)
        {
            var paths = new KubeletPaths(cluster, state, place.Node);
            var runtime = new ContainerRuntime(tools, paths, TimeProvider.System);
            foreach (var record in runtime.Records().Where(r => !r.IsFinished))
            {
                known.Remove(record.Id);
                count += await EndAsync(runtime, record.Id, cancellation) ? 1 : 0;
                runtime.Refresh(record);
            }
        }
        // Made, but the crash came before the record.
        var any = new ContainerRuntime(tools, new KubeletPaths(cluster, state, network.Places[0].Node), TimeProvider.System);
        foreach (var id in known)
        {
            count += await EndAsync(any, id, cancellation) ? 1 : 0;
        }
        if (count > 0)
        {
            done.Add($"{count} containers");
        }
    }

    private static async Task<bool> EndAsync(ContainerRuntime runtime, string id, CancellationToken cancellation)
    {
        try
        {
            await runtime.DeleteAsync(id, cancellation);
            return true;
        }
        catch (Exception e) when (e is ContainerRuntimeException or HostToolException)
        {
            // What runc cannot end is ended with its cgroup.
            return false;
        }
    }

    private static async Task RemoveNetworksAsync(HostTools tools, ClusterNetwork network, List<string> done, CancellationToken cancellation)
    {
        var networks = new NodeNetwork(tools);
        var namespaces = (await networks.NamespacesAsync(cancellation)).Where(network.Owns).ToList();
        foreach (var name in namespaces)
        {
            await networks.EndNamespaceAsync(name, cancellation);
        }
        await networks.RemoveAsync(network, cancellation);
        if (namespaces.Count > 0)
        {
            done.Add($"{namespaces.Count} network namespaces");
        }
    }
}
