using System.Collections.Concurrent;
using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// A node: registers itself and looks after the pods that are bound to it. When it ends its pods go on running; the next one
/// takes them up from what is on disk.
/// </summary>
public sealed class KubeletAgent
{
    private readonly KubeletServices _services;
    private readonly NodeRegistration _registration;
    private readonly Informer<Pod> _pods;
    private readonly ConcurrentDictionary<string, PodWorker> _workers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _loops = new(StringComparer.Ordinal);

    /// <summary>Pods of which nothing is left here, while the API still has them: a finalizer of somebody else holds them.</summary>
    private readonly ConcurrentDictionary<string, bool> _done = new(StringComparer.Ordinal);
    private ILookup<string, ContainerRecord> _onDisk = Array.Empty<ContainerRecord>().ToLookup(r => r.PodUid);
    private CancellationToken _stopping;

    private KubeletAgent(KubeletServices services, NodeRegistration registration, Informer<Pod> pods)
    {
        _services = services;
        _registration = registration;
        _pods = pods;
    }

    /// <summary>Runs until cancelled.</summary>
    public static async Task RunAsync(KubeletOptions options, ApiClient api, HostTools tools, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellation)
    {
        var logger = loggers.CreateLogger($"kubelet.{options.NodeName}");
        var paths = new KubeletPaths(options.ClusterName, options.StateDirectory, options.NodeName);
        foreach (var folder in (string[])[paths.Pods, paths.Containers, paths.Exits, paths.Logs, paths.Cni, paths.Sockets])
        {
            Directory.CreateDirectory(folder);
        }
        var images = new ImageStore(paths.Images, time);
        var runtime = new ContainerRuntime(tools, paths, time);
        var devices = new DeviceManager(paths, tools, loggers, logger, time);
        var events = new EventRecorder(api, "kubelet", logger, time, options.NodeName);
        var networks = new PodNetworks(api, options, paths);
        using var prober = new Prober(runtime, time);
        var services = new KubeletServices(
            api, options, paths, tools, runtime, new RootFilesystem(tools, images, paths), new PodSandbox(tools, networks, options, paths), networks,
            new VolumeManager(api, tools, images, options, paths, time), new PodEnvironment(api, options),
            new ImagePuller(images, new ImageImporter(images, tools, time), time, cancellation), devices, prober, events, time, logger);
        var registration = new NodeRegistration(api, options, devices, await NodeFacts.ReadAsync(tools, cancellation), time, logger);
        var pods = new Informer<Pod>(
            api, NodeKinds.Pod, ObjectsJson.Default.Pod, logger, time, new InformerOptions { FieldSelector = $"spec.nodeName={options.NodeName}" });
        var agent = new KubeletAgent(services, registration, pods);
        await TaskGroup.RunAsync(cancellation, events.RunAsync, devices.RunAsync, agent.LoopAsync);
    }

    private async Task LoopAsync(CancellationToken cancellation)
    {
        _stopping = cancellation;
        _onDisk = _services.Runtime.Records().ToLookup(r => r.PodUid, StringComparer.Ordinal);
        _pods.OnChange(OnPod);
        using var exits = WatchExits();
        await _registration.RegisterAsync(cancellation);
        try
        {
            await TaskGroup.RunAsync(cancellation, _pods.RunAsync, AdoptOrphansAsync, _registration.RunAsync);
        }
        finally
        {
            await Task.WhenAll(_loops.Values);
        }
    }

    private void OnPod(Change<Pod> change)
    {
        var uid = change.Last.Metadata.Uid;
        if (change.New is null)
        {
            _done.TryRemove(uid, out _);
            if (_workers.TryGetValue(uid, out var worker))
            {
                worker.Gone();
            }
        }
        else if (!_done.ContainsKey(uid))
        {
            Worker(change.New).Update(change.New);
        }
    }

    private PodWorker Worker(Pod pod) => _workers.GetOrAdd(pod.Metadata.Uid, uid =>
    {
        var worker = new PodWorker(_services, pod, _onDisk[uid]);
        _loops[uid] = LookAfterAsync(worker);
        return worker;
    });

    private async Task LookAfterAsync(PodWorker worker)
    {
        await using (worker)
        {
            await worker.RunAsync(_stopping);
        }
        if (_pods.Get(worker.Key)?.Metadata.Uid == worker.Uid)
        {
            _done[worker.Uid] = true;
        }
        _workers.TryRemove(worker.Uid, out _);
        _loops.TryRemove(worker.Uid, out _);
    }

    /// <summary>What lies on disk for pods that the API does not have: they were deleted while nobody was here.</summary>
    private async Task AdoptOrphansAsync(CancellationToken cancellation)
    {
        await _pods.WaitForSyncAsync(cancellation);
        var known = _pods.List().Select(p => p.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        var orphans = _onDisk.Select(g => (g.Key, g.First().Namespace, g.First().Pod))
            .Concat(_services.Sandboxes.Records().Select(s => (s.PodUid, s.Namespace, s.Pod)))
            .DistinctBy(o => o.Item1).Where(o => !known.Contains(o.Item1)).ToList();
        _services.Devices.KeepOnly(known.Concat(orphans.Select(o => o.Item1)).ToHashSet(StringComparer.Ordinal));
        foreach (var (uid, @namespace, name) in orphans)
        {
            Worker(new Pod { Metadata = new ObjectMeta { Uid = uid, Namespace = @namespace, Name = name } }).Gone();
        }
        foreach (var folder in Directory.EnumerateDirectories(_services.Paths.Pods).Where(f => !known.Contains(Path.GetFileName(f)) && !_workers.ContainsKey(Path.GetFileName(f))))
        {
            // A folder without a record: the crash came before anything was in it.
            await _services.Volumes.TearDownAsync(Path.GetFileName(folder), cancellation);
            _services.Volumes.Remove(Path.GetFileName(folder));
        }
    }

    /// <summary>conmon writes a container's exit code to a temporary file and renames it to the container's ID.</summary>
    private FileSystemWatcher WatchExits()
    {
        var watcher = new FileSystemWatcher(_services.Paths.Exits) { NotifyFilter = NotifyFilters.FileName };
        void Wake(string? id)
        {
            var record = id is null ? null : StateFile.TryRead(Path.Combine(_services.Paths.Container(id), "record.json"), KubeletJson.Default.ContainerRecord);
            if (record is not null && _workers.TryGetValue(record.PodUid, out var worker))
            {
                worker.Wake();
            }
        }
        watcher.Created += (_, e) => Wake(e.Name);
        watcher.Renamed += (_, e) => Wake(e.Name);
        watcher.Error += (_, _) =>
        {
            // Notices were lost: everybody looks.
            foreach (var worker in _workers.Values)
            {
                worker.Wake();
            }
        };
        watcher.EnableRaisingEvents = true;
        return watcher;
    }
}
