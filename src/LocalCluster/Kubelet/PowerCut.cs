using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Takes the power from a node: all its processes end at the same moment, and with them goes what lives in memory only: networks,
/// mounts, cgroups, the runtime's state. Its disk stays as it is, so that a kubelet finds there what a real one finds after a
/// reboot. May be repeated; needs nothing but the node's folder.
/// </summary>
internal static class PowerCut
{
    /// <exception cref="HostToolException">Something could not be ended; what was ended stays so.</exception>
    public static async Task RunAsync(KubeletPaths paths, ClusterNetwork network, NodePlace place, HostTools tools, CancellationToken cancellation)
    {
        var networks = new NodeNetwork(tools);
        var runtime = new ContainerRuntime(tools, paths, TimeProvider.System);
        await networks.CutAsync(place, cancellation);
        var records = runtime.Records().Where(r => !r.IsFinished).ToList();
        var pods = records.Select(r => r.PodUid).Concat(PodsOnDisk(paths)).Distinct(StringComparer.Ordinal).ToList();
        // The watchers too, at the same instant: a machine without power writes down nobody's exit code.
        List<string> pids =
        [
            .. records.Select(r => runtime.LivingConmon(r.Id)).OfType<int>().Select(pid => $"{pid}"),
            .. pods.SelectMany(uid => PodCgroups.PidsIn(GroupOf(paths, uid))),
        ];
        if (pids.Count > 0)
        {
            await tools.TryRunAsync("kill", ["-KILL", .. pids], cancellation);
        }
        foreach (var record in records)
        {
            await runtime.DeleteAsync(record.Id, cancellation);
        }
        foreach (var uid in pods)
        {
            await networks.EndNamespaceAsync(paths.PodNamespace(uid), cancellation);
            await PodCgroups.RemoveAsync(tools, GroupOf(paths, uid), cancellation);
        }
        await new HostMounts(tools).UnmountBelowAsync(paths.NodeFolder, cancellation);
        // Last: who waits for the end looks for this.
        await networks.UnplugAsync(place, cancellation);
    }

    private static IEnumerable<string> PodsOnDisk(KubeletPaths paths) =>
        Directory.Exists(paths.Pods) ? Directory.EnumerateDirectories(paths.Pods).Select(d => Path.GetFileName(d)!) : [];

    private static string GroupOf(KubeletPaths paths, string podUid) => $"{KubeletPaths.CgroupOf(paths.ClusterName)}/{podUid}";
}
