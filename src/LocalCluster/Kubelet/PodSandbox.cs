using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>A pod's network namespace, and the few files of /etc that all its containers share.</summary>
public sealed class PodSandbox(HostTools tools, PodNetworks networks, KubeletOptions options, KubeletPaths paths)
{
    private readonly CniPlugin _cni = new(tools, options.Place);

    /// <summary>What is recorded for a pod; null when it never had a network.</summary>
    public SandboxRecord? Find(string podUid)
    {
        var record = StateFile.TryRead(RecordOf(podUid), KubeletJson.Default.SandboxRecord);
        // After a restart of the machine the record is there, but its namespace is gone.
        return record is not null && File.Exists($"{CniPlugin.NamespaceFolder}/{record.NetworkNamespace}") && record.Address is not null ? record : null;
    }

    /// <summary>All pods that ever got as far as a folder.</summary>
    public IEnumerable<SandboxRecord> Records() => Directory.Exists(paths.Pods)
        ? Directory.EnumerateDirectories(paths.Pods)
            .Select(d => StateFile.TryRead(RecordOf(Path.GetFileName(d)), KubeletJson.Default.SandboxRecord))
            .OfType<SandboxRecord>()
        : [];

    /// <summary>Gives the pod its network, if it has none.</summary>
    public async Task<SandboxRecord> EnsureAsync(Pod pod, CancellationToken cancellation)
    {
        var uid = pod.Metadata.Uid;
        if (Find(uid) is { } existing)
        {
            return existing;
        }
        var record = new SandboxRecord
        {
            PodUid = uid,
            Namespace = pod.Metadata.Namespace ?? "",
            Pod = pod.Metadata.Name,
            NetworkNamespace = pod.Spec.HostNetwork == true ? options.Place.Namespace : paths.PodNamespace(uid),
            HostNetwork = pod.Spec.HostNetwork == true,
            Networks = pod.Spec.HostNetwork == true ? null : await networks.PlanAsync(pod, cancellation),
        };
        // Written first: whatever a crash leaves half made is then found and taken away.
        Save(record);
        var address = options.Place.Address.ToString();
        if (!record.HostNetwork)
        {
            await RemoveNetworkAsync(record, cancellation);
            await tools.IpBatchAsync([$"netns add {record.NetworkNamespace}"], cancellation);
            await tools.RunAsync("ip", ["-n", record.NetworkNamespace, "link", "set", "lo", "up"], cancellation);
            var made = new List<AttachedNetwork>();
            foreach (var network in record.Networks!)
            {
                made.Add(network with { Result = await _cni.AddAsync(network.ToAttachment(), uid, record.NetworkNamespace, cancellation) });
            }
            address = made[0].Addresses().FirstOrDefault()
                ?? throw new CniException("ADD", record.NetworkNamespace, $"the result has no address: {made[0].Result!.ToJsonString()}");
            record = record with { Networks = made };
        }
        record = record with { Address = address };
        WriteFiles(pod, record);
        Save(record);
        return record;
    }

    /// <summary>Ends whatever still runs in the pod's network and takes the network away.</summary>
    public async Task RemoveAsync(string podUid, CancellationToken cancellation)
    {
        if (StateFile.TryRead(RecordOf(podUid), KubeletJson.Default.SandboxRecord) is { HostNetwork: false } record)
        {
            await RemoveNetworkAsync(record, cancellation);
            Save(record with { Address = null, Networks = null });
        }
        await PodCgroups.RemoveAsync(tools, $"{KubeletPaths.CgroupOf(options.ClusterName)}/{podUid}", cancellation);
    }

    /// <summary>Mounts that every container of the pod gets.</summary>
    public IReadOnlyList<OciMount> FilesOf(string podUid) =>
    [
        OciMount.Bind(Path.Combine(paths.Pod(podUid), "etc-hosts"), "/etc/hosts", readOnly: false),
        OciMount.Bind(Path.Combine(paths.Pod(podUid), "resolv.conf"), "/etc/resolv.conf", readOnly: false),
        OciMount.Bind(Path.Combine(paths.Pod(podUid), "hostname"), "/etc/hostname", readOnly: false),
    ];

    private async Task RemoveNetworkAsync(SandboxRecord record, CancellationToken cancellation)
    {
        if (File.Exists($"{CniPlugin.NamespaceFolder}/{record.NetworkNamespace}"))
        {
            // Agents may have started helpers in here that belong to no container.
            var pids = await tools.TryRunAsync("ip", ["netns", "pids", record.NetworkNamespace], cancellation);
            var left = pids.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (left.Length > 0)
            {
                await tools.TryRunAsync("kill", ["-KILL", .. left], cancellation);
            }
        }
        else if (!Directory.Exists(Path.Combine(paths.Cni, options.ClusterName)))
        {
            return;
        }
        // Also without a namespace: the addresses are still taken in the plug-ins' own files.
        foreach (var network in record.Networks ?? [])
        {
            await _cni.DeleteAsync(network.ToAttachment(), record.PodUid, record.NetworkNamespace, cancellation);
        }
        await tools.TryRunAsync("ip", ["netns", "delete", record.NetworkNamespace], cancellation);
    }

    private void WriteFiles(Pod pod, SandboxRecord record)
    {
        var folder = paths.Pod(pod.Metadata.Uid);
        var name = LaunchBuilder.Hostname(pod);
        var hosts = new List<string>
        {
            "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback", "fe00::0\tip6-localnet", "ff02::1\tip6-allnodes", "ff02::2\tip6-allrouters",
            $"{record.Address}\t{name}",
        };
        hosts.AddRange((pod.Spec.HostAliases ?? []).Select(a => $"{a.Ip}\t{string.Join('\t', a.Hostnames ?? [])}"));
        File.WriteAllText(Path.Combine(folder, "etc-hosts"), string.Join('\n', hosts) + "\n");
        File.WriteAllText(Path.Combine(folder, "hostname"), name + "\n");
        File.WriteAllText(Path.Combine(folder, "resolv.conf"), ResolverConfig.Of(pod, File.Exists("/etc/resolv.conf") ? File.ReadAllText("/etc/resolv.conf") : ""));
    }

    private void Save(SandboxRecord record) => StateFile.Write(RecordOf(record.PodUid), record, KubeletJson.Default.SandboxRecord);

    private string RecordOf(string podUid) => Path.Combine(paths.Pod(podUid), "sandbox.json");
}
