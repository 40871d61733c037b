using System.Threading.Channels;
using Godwit.DevicePlugins;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Devices;

/// <summary>
/// The part of a kubelet that deals with device plug-ins: takes their registrations, hears which devices there are, and gives them to
/// containers.
/// </summary>
internal sealed partial class DeviceManager
{
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(10);

    private readonly string _folder;
    private readonly string _checkpointFile;
    private readonly HostTools _tools;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Channel<RegisterRequest> _registrations = Channel.CreateUnbounded<RegisterRequest>(new() { SingleReader = true });
    private readonly Lock _lock = new();

    /// <summary>By resource: whether each device is healthy.</summary>
    private readonly Dictionary<string, IReadOnlyDictionary<string, bool>> _devices = new(StringComparer.Ordinal);

    /// <summary>By resource; only plug-ins that are connected.</summary>
    private readonly Dictionary<string, DevicePluginClient> _plugins = new(StringComparer.Ordinal);
    private readonly DeviceLedger _ledger;

    public DeviceManager(KubeletPaths paths, HostTools tools, ILoggerFactory loggers, ILogger logger, TimeProvider time)
    {
        _folder = paths.DevicePlugins;
        _checkpointFile = paths.DeviceCheckpoint;
        _tools = tools;
        _loggers = loggers;
        _logger = logger;
        _time = time;
        var checkpoint = StateFile.TryRead(_checkpointFile, KubeletJson.Default.DeviceCheckpoint) ?? new DeviceCheckpoint();
        _ledger = new DeviceLedger(checkpoint.Allocations);
        foreach (var resource in checkpoint.Resources)
        {
            _devices[resource] = new Dictionary<string, bool>();
        }
    }

    /// <summary>Raised when <see cref="Offered"/> has changed.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>What the node has of all resources that plug-ins registered.</summary>
    public IReadOnlyList<OfferedResource> Offered()
    {
        lock (_lock)
        {
            return [.. _devices.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => new OfferedResource(
                d.Key, d.Value.Count, _plugins.ContainsKey(d.Key) ? d.Value.Values.Count(healthy => healthy) : 0))];
        }
    }

    /// <summary>Serves the kubelet's socket, and listens to plug-ins, until cancelled.</summary>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(_folder);
        foreach (var left in Directory.EnumerateFiles(_folder))
        {
            // So plug-ins see that they have to register again.
            File.Delete(left);
        }
        var socket = Path.Combine(_folder, DevicePluginApi.KubeletSocket);
        await using var server = await UnixSocketServer.StartAsync([socket], new RegistrationService(this), _loggers, cancellation);
        var listening = new List<Task>();
        try
        {
            await foreach (var registration in _registrations.Reader.ReadAllAsync(cancellation))
            {
                listening.RemoveAll(task => task.IsCompleted);
                listening.Add(ListenAsync(registration, cancellation));
            }
        }
        finally
        {
            await Task.WhenAll(listening);
        }
    }

    public void Register(RegisterRequest registration) => _registrations.Writer.TryWrite(registration);

    /// <summary>Gives a container the devices that its limits name; what it was given before it keeps.</summary>
    /// <exception cref="PodConfigException">There are not as many, or their plug-in refuses.</exception>
    public async Task<ContainerDevices> AllocateAsync(Pod pod, Container container, CancellationToken cancellation)
    {
        var given = new List<DeviceAllocation>();
        foreach (var (resource, quantity) in container.Resources?.Limits ?? [])
        {
            if (Amounts.Units(quantity) is > 0 and var count && IsKnown(resource))
            {
                given.Add(await AllocateAsync(pod, container.Name, resource, count, cancellation));
            }
        }
        return new ContainerDevices
        {
            Devices = await DeviceNodes.ReadAsync(_tools, [.. given.SelectMany(a => a.Devices).DistinctBy(d => d.ContainerPath)], cancellation),
            Mounts = [.. given.SelectMany(a => a.Mounts).DistinctBy(m => m.ContainerPath).Select(m => OciMount.Bind(m.HostPath, m.ContainerPath, m.ReadOnly))],
            Environment = Merged(given.SelectMany(a => a.Environment)),
            Annotations = Merged(given.SelectMany(a => a.Annotations)),
        };
    }

    /// <summary>Takes back what a pod's containers had: nothing of it runs any more.</summary>
    public void Release(string podUid) => TakeBack(a => a.PodUid == podUid);

    /// <summary>Takes back what pods have that are none of these: they went while nobody was here.</summary>
    public void KeepOnly(IReadOnlySet<string> podUids) => TakeBack(a => !podUids.Contains(a.PodUid));

    private async Task<DeviceAllocation> AllocateAsync(Pod pod, string container, string resource, long count, CancellationToken cancellation)
    {
        // Init containers run one after the other and before all else: what an ended one had is free for the next.
        TakeBack(a => a.PodUid == pod.Metadata.Uid && a.Container != container && pod.Spec.InitContainers?.Exists(c => c.Name == a.Container && c.RestartPolicy != "Always") == true);
        var (known, ids, plugin) = Reserve(pod, container, resource, count);
        try
        {
            if (known is null)
            {
                var response = await CallAsync(resource, plugin!.Calls.AllocateAsync(
                    new AllocateRequest { ContainerRequests = { new ContainerAllocateRequest { DevicesIds = { ids } } } }, Options(cancellation)));
                known = Allocation(pod.Metadata.Uid, container, resource, ids, response);
                lock (_lock)
                {
                    _ledger.Give(known);
                    Save();
                }
            }
            if (plugin?.NeedsPreStart == true)
            {
                await CallAsync(resource, plugin.Calls.PreStartContainerAsync(new PreStartContainerRequest { DevicesIds = { known.DeviceIds } }, Options(cancellation)));
            }
            return known;
        }
        finally
        {
            lock (_lock)
            {
                _ledger.Unreserve(resource, ids);
            }
        }
    }

    private (DeviceAllocation? Known, IReadOnlyList<string> Ids, DevicePluginClient? Plugin) Reserve(Pod pod, string container, string resource, long count)
    {
        lock (_lock)
        {
            var plugin = _plugins.GetValueOrDefault(resource);
            if (_ledger.Find(pod.Metadata.Uid, container, resource) is { } known)
            {
                return (known, [], plugin);
            }
            if (plugin is null)
            {
                throw new PodConfigException("CreateContainerError", $"the device plug-in of {resource} is not connected to this node's kubelet");
            }
            var healthy = _devices[resource].Where(d => d.Value).Select(d => d.Key).ToList();
            var ids = _ledger.Reserve(resource, healthy, count)
                ?? throw new PodConfigException("CreateContainerError", $"{count} of {resource} asked for, but fewer are free: {_devices[resource].Count} on this node, {healthy.Count} healthy");
            return (null, ids, plugin);
        }
    }

    private static async Task<T> CallAsync<T>(string resource, AsyncUnaryCall<T> call)
    {
        try
        {
            return await call;
        }
        catch (RpcException e)
        {
            throw new PodConfigException("CreateContainerError", $"the device plug-in of {resource} refused: {e.Status.StatusCode} {e.Status.Detail}");
        }
    }

    private CallOptions Options(CancellationToken cancellation) => new(deadline: _time.GetUtcNow().UtcDateTime + CallDeadline, cancellationToken: cancellation);

    private static DeviceAllocation Allocation(string podUid, string container, string resource, IReadOnlyList<string> ids, AllocateResponse response)
    {
        var answer = response.ContainerResponses.FirstOrDefault() ?? new ContainerAllocateResponse();
        return new DeviceAllocation
        {
            PodUid = podUid,
            Container = container,
            Resource = resource,
            DeviceIds = ids,
            Devices = [.. answer.Devices.Select(d => new AllocatedDevice(d.HostPath, d.ContainerPath, d.Permissions))],
            Mounts = [.. answer.Mounts.Select(m => new AllocatedMount(m.HostPath, m.ContainerPath, m.ReadOnly))],
            Environment = Merged(answer.Envs),
            Annotations = Merged(answer.Annotations),
        };
    }

    /// <summary>Hears from one plug-in what devices there are, until it goes away or another takes its place.</summary>
    private async Task ListenAsync(RegisterRequest registration, CancellationToken cancellation)
    {
        var resource = registration.ResourceName;
        using var plugin = new DevicePluginClient(registration, Path.Combine(_folder, registration.Endpoint), cancellation);
        try
        {
            using var call = plugin.Calls.ListAndWatch(new Empty(), cancellationToken: plugin.Ends);
            await foreach (var list in call.ResponseStream.ReadAllAsync(plugin.Ends))
            {
                Heard(plugin, list);
            }
            LogGone(_logger, resource, "it ended");
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            if (!plugin.Ends.IsCancellationRequested)
            {
                LogGone(_logger, resource, e is RpcException { Status: var status } ? status.Detail : e.Message);
            }
        }
        lock (_lock)
        {
            if (_plugins.GetValueOrDefault(resource) == plugin)
            {
                _plugins.Remove(resource);
            }
        }
        Changed.Raise();
    }

    private void Heard(DevicePluginClient plugin, ListAndWatchResponse list)
    {
        int total, healthy;
        lock (_lock)
        {
            if (_plugins.TryGetValue(plugin.Resource, out var earlier) && earlier != plugin)
            {
                earlier.End();
            }
            _plugins[plugin.Resource] = plugin;
            var isNew = !_devices.ContainsKey(plugin.Resource);
            var devices = list.Devices.ToDictionary(d => d.ID, d => d.Health == DevicePluginApi.Healthy, StringComparer.Ordinal);
            _devices[plugin.Resource] = devices;
            (total, healthy) = (devices.Count, devices.Values.Count(h => h));
            if (isNew)
            {
                Save();
            }
        }
        LogHeard(_logger, plugin.Resource, total, healthy);
        Changed.Raise();
    }

    private bool IsKnown(string resource)
    {
        lock (_lock)
        {
            return _devices.ContainsKey(resource);
        }
    }

    private void TakeBack(Predicate<DeviceAllocation> match)
    {
        lock (_lock)
        {
            if (_ledger.TakeBack(match))
            {
                Save();
            }
        }
    }

    private void Save() => StateFile.Write(
        _checkpointFile,
        new DeviceCheckpoint { Resources = [.. _devices.Keys.Order(StringComparer.Ordinal)], Allocations = _ledger.Allocations },
        KubeletJson.Default.DeviceCheckpoint);

    private static Dictionary<string, string> Merged(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var merged = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            merged[key] = value;
        }
        return merged;
    }

    [LoggerMessage(340, LogLevel.Information, "Device plug-in of {Resource}: {Total} devices, {Healthy} healthy")]
    private static partial void LogHeard(ILogger logger, string resource, int total, int healthy);

    [LoggerMessage(341, LogLevel.Warning, "Device plug-in of {Resource} is gone ({Why}); until it registers again nothing of it is given to pods")]
    private static partial void LogGone(ILogger logger, string resource, string why);
}
