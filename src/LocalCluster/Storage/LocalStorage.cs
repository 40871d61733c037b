using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Storage;

/// <summary>
/// Storage of the cluster: the class <c>local</c>, volumes that are folders of the machine, the binding of claims to volumes
/// and what happens to a volume when its claim goes.
/// </summary>
public sealed partial class LocalStorage : IDisposable
{
    public const string Provisioner = "godwit.dev/local";
    public const string ClassName = "local";
    private const string SelectedNode = "volume.kubernetes.io/selected-node";

    private const string BindCompleted = "pv.kubernetes.io/bind-completed";
    private const string BoundByController = "pv.kubernetes.io/bound-by-controller";

    /// <summary>Whose fields they are for whoever reads them: that of a cluster's controllers.</summary>
    private static readonly WriteOptions AsController = new() { FieldManager = "kube-controller-manager" };

    private readonly ApiClient _api;
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventRecorder _events;
    private readonly Informer<PersistentVolumeClaim> _claims;
    private readonly Informer<PersistentVolume> _volumes;
    private readonly Informer<StorageClass> _classes;
    private readonly Informer<Pod> _pods;
    private readonly WorkQueue<NamespacedName> _queue;

    /// <param name="api">The cluster.</param>
    /// <param name="folder">Where new volumes are made; never removed as a whole.</param>
    /// <param name="loggers">Logs.</param>
    /// <param name="time">The time.</param>
    public LocalStorage(ApiClient api, string folder, ILoggerFactory loggers, TimeProvider time)
    {
        _api = api;
        _folder = folder;
        _time = time;
        _logger = loggers.CreateLogger("storage");
        _events = new EventRecorder(api, Provisioner, _logger, time);
        _queue = new WorkQueue<NamespacedName>(new ExponentialPerKey<NamespacedName>(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30)), time);
        _claims = new Informer<PersistentVolumeClaim>(api, NodeKinds.Claim, ObjectsJson.Default.PersistentVolumeClaim, _logger, time).OnChange(OnClaim);
        _volumes = new Informer<PersistentVolume>(api, NodeKinds.Volume, ObjectsJson.Default.PersistentVolume, _logger, time).OnChange(OnVolume);
        _classes = new Informer<StorageClass>(api, NodeKinds.StorageClass, ObjectsJson.Default.StorageClass, _logger, time).OnChange(_ => AllClaims());
        _pods = new Informer<Pod>(api, NodeKinds.Pod, ObjectsJson.Default.Pod, _logger, time).OnChange(OnPod);
    }

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) => TaskGroup.RunAsync(
        cancellation, _events.RunAsync, _claims.RunAsync, _volumes.RunAsync, _classes.RunAsync, _pods.RunAsync, LoopAsync);

    public void Dispose() => _queue.Dispose();

    private async Task LoopAsync(CancellationToken cancellation)
    {
        await EnsureClassAsync(cancellation);
        await Task.WhenAll(
            _claims.WaitForSyncAsync(cancellation), _volumes.WaitForSyncAsync(cancellation), _classes.WaitForSyncAsync(cancellation), _pods.WaitForSyncAsync(cancellation));
        while (true)
        {
            var (hasKey, key) = await _queue.GetAsync(cancellation);
            if (!hasKey)
            {
                return;
            }
            try
            {
                // Volumes live in no namespace, claims always in one: one queue serves both.
                await (key.Namespace.Length == 0 ? VolumeAsync(key, cancellation) : ClaimAsync(key, cancellation));
                _queue.Forget(key);
            }
            catch (Exception e) when (e is ApiException or IOException or UnauthorizedAccessException or FormatException)
            {
                LogFailed(_logger, key, e.Message);
                _queue.AddRateLimited(key);
            }
            finally
            {
                _queue.Done(key);
            }
        }
    }

    private async Task EnsureClassAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));
        while (true)
        {
            try
            {
                if (await _api.TryGetAsync(NodeKinds.StorageClass, NamespacedName.Cluster(ClassName), cancellation) is null)
                {
                    await _api.CreateAsync(NodeKinds.StorageClass, StorageObjects.Class(), ct: cancellation);
                }
                return;
            }
            catch (ApiException e) when (e.IsAlreadyExists)
            {
                return;
            }
            catch (ApiException e)
            {
                LogFailed(_logger, NamespacedName.Cluster(ClassName), e.Message);
                await backoff.WaitAsync(_time, cancellation);
            }
        }
    }

    private async Task ClaimAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (_claims.Get(key) is not { } claim)
        {
            return;
        }
        if (claim.Metadata.DeletionTimestamp is not null)
        {
            await ReleaseClaimAsync(key, claim, cancellation);
            return;
        }
        if (claim.Status.Phase == "Bound")
        {
            return;
        }
        if (claim.Spec.StorageClassName is null && DefaultClassName() is { } byDefault)
        {
            await _api.PatchAsync(
                NodeKinds.Claim, key, PatchKind.Merge, new JsonObject { ["spec"] = new JsonObject { ["storageClassName"] = byDefault } }, ct: cancellation);
            return;
        }
        if (VolumeMatching.Find(claim, _volumes.List()) is { } volume)
        {
            await BindAsync(key, claim, volume, cancellation);
            return;
        }
        await ProvisionAsync(key, claim, cancellation);
    }

    private async Task ProvisionAsync(NamespacedName key, PersistentVolumeClaim claim, CancellationToken cancellation)
    {
        var storage = string.IsNullOrEmpty(claim.Spec.StorageClassName) ? null : _classes.Get(NamespacedName.Cluster(claim.Spec.StorageClassName));
        if (storage?.Provisioner != Provisioner)
        {
            var why = string.IsNullOrEmpty(claim.Spec.StorageClassName)
                ? "no persistent volumes available for this claim and no storage class is set"
                : storage is null ? $"storageclass.storage.k8s.io \"{claim.Spec.StorageClassName}\" not found" : $"waiting for a volume to be created by {storage.Provisioner}";
            _events.Normal(Regarding(claim), storage is null && claim.Spec.StorageClassName is { Length: > 0 } ? "ProvisioningFailed" : "FailedBinding", why);
            return;
        }
        var node = claim.Metadata.Annotations?.GetValueOrDefault(SelectedNode);
        if (node is null && storage.VolumeBindingMode == "WaitForFirstConsumer")
        {
            _events.Normal(Regarding(claim), "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            return;
        }
        if (claim.Spec.VolumeMode == "Block")
        {
            _events.Warning(Regarding(claim), "ProvisioningFailed", $"{Provisioner} makes volumes of mode Filesystem only");
            return;
        }
        if (Room(claim) is { } trouble)
        {
            _events.Warning(Regarding(claim), "ProvisioningFailed", trouble);
            _queue.AddRateLimited(key);
            return;
        }
        var name = $"pvc-{claim.Metadata.Uid}";
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, (UnixFileMode)0x1FF); // 0777: its user may be anybody.
        try
        {
            await _api.CreateAsync(NodeKinds.Volume, StorageObjects.Volume(name, path, node, claim, storage), ct: cancellation);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // Made before a crash; its arrival in the cache binds it.
        }
        _events.Normal(Regarding(claim), "ProvisioningSucceeded", $"Successfully provisioned volume {name}");
    }

    /// <summary>A claim may promise more than it will use, but not more than the disk could ever give.</summary>
    private string? Room(PersistentVolumeClaim claim)
    {
        Directory.CreateDirectory(_folder);
        var disk = new DriveInfo(_folder);
        var asked = VolumeMatching.Asked(claim);
        return asked > disk.AvailableFreeSpace
            ? $"{asked / 1024 / 1024} MiB asked for, but the disk of {_folder} has {disk.AvailableFreeSpace / 1024 / 1024} MiB free"
            : null;
    }

    /// <summary>The volume is marked first: two claims can then never hold the same one.</summary>
    private async Task BindAsync(NamespacedName key, PersistentVolumeClaim claim, PersistentVolume volume, CancellationToken cancellation)
    {
        var name = NamespacedName.Cluster(volume.Metadata.Name);
        if (volume.Spec.ClaimRef?.Uid != claim.Metadata.Uid)
        {
            var owner = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "PersistentVolumeClaim",
                ["namespace"] = key.Namespace,
                ["name"] = key.Name,
                ["uid"] = claim.Metadata.Uid,
                ["resourceVersion"] = claim.Metadata.ResourceVersion,
            };
            var patch = Guarded(volume.Metadata, volume.Spec.ClaimRef is null ? Annotated(BoundByController) : []);
            patch["spec"] = new JsonObject { ["claimRef"] = owner };
            await _api.PatchAsync(NodeKinds.Volume, name, PatchKind.Merge, patch, AsController, cancellation);
        }
        await StatusAsync(NodeKinds.Volume, name, new JsonObject { ["phase"] = "Bound" }, cancellation);
        if (claim.Spec.VolumeName != volume.Metadata.Name)
        {
            var patch = new JsonObject
            {
                ["metadata"] = string.IsNullOrEmpty(claim.Spec.VolumeName) ? Annotated(BindCompleted, BoundByController) : Annotated(BindCompleted),
                ["spec"] = new JsonObject { ["volumeName"] = volume.Metadata.Name },
            };
            await _api.PatchAsync(NodeKinds.Claim, key, PatchKind.Merge, patch, AsController, cancellation);
        }
        var status = new JsonObject
        {
            ["phase"] = "Bound",
            ["accessModes"] = new JsonArray([.. (volume.Spec.AccessModes ?? []).Select(m => (JsonNode)m)]),
            ["capacity"] = new JsonObject((volume.Spec.Capacity ?? []).Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
        };
        await StatusAsync(NodeKinds.Claim, key, status, cancellation);
    }

    /// <summary>A claim goes when no pod uses it any more.</summary>
    private async Task ReleaseClaimAsync(NamespacedName key, PersistentVolumeClaim claim, CancellationToken cancellation)
    {
        var isUsed = _pods.List().Any(p => p.Metadata.Namespace == key.Namespace && !p.IsFinished && Uses(p, key.Name));
        if (!isUsed && claim.Metadata.Finalizers?.Contains(PersistentVolumeClaimStrategy.Protection) == true)
        {
            var left = new JsonArray([.. claim.Metadata.Finalizers.Where(f => f != PersistentVolumeClaimStrategy.Protection).Select(f => (JsonNode)f)]);
            await _api.PatchAsync(NodeKinds.Claim, key, PatchKind.Merge, Guarded(claim.Metadata, new JsonObject { ["finalizers"] = left }), ct: cancellation);
        }
    }

    /// <summary>A volume goes when no claim holds it any more.</summary>
    private async Task ReleaseVolumeAsync(NamespacedName key, PersistentVolume volume, CancellationToken cancellation)
    {
        if (volume.Status.Phase != "Bound" && volume.Metadata.Finalizers?.Contains(PersistentVolumeStrategy.Protection) == true)
        {
            var left = new JsonArray([.. volume.Metadata.Finalizers.Where(f => f != PersistentVolumeStrategy.Protection).Select(f => (JsonNode)f)]);
            await _api.PatchAsync(NodeKinds.Volume, key, PatchKind.Merge, Guarded(volume.Metadata, new JsonObject { ["finalizers"] = left }), ct: cancellation);
        }
    }

    private async Task VolumeAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (_volumes.Get(key) is not { } volume)
        {
            return;
        }
        if (volume.Metadata.DeletionTimestamp is not null)
        {
            await ReleaseVolumeAsync(key, volume, cancellation);
            return;
        }
        var owner = volume.Spec.ClaimRef is { Uid: { Length: > 0 } } claimRef ? claimRef : null;
        if (owner is null)
        {
            if (volume.Status.Phase is null or "" or "Pending")
            {
                await StatusAsync(NodeKinds.Volume, key, new JsonObject { ["phase"] = "Available" }, cancellation);
            }
            return;
        }
        // Asked of the server itself: a cache that lags must not cost anybody his data.
        var claim = await _api.TryGetAsync(NodeKinds.Claim, new(owner.Namespace!, owner.Name), ObjectsJson.Default.PersistentVolumeClaim, cancellation);
        if (claim?.Metadata.Uid == owner.Uid)
        {
            return;
        }
        if (volume.Status.Phase != "Released")
        {
            await StatusAsync(NodeKinds.Volume, key, new JsonObject { ["phase"] = "Released" }, cancellation);
        }
        var isOurs = volume.Metadata.Annotations?.GetValueOrDefault(StorageObjects.ProvisionedBy) == Provisioner;
        if (isOurs && volume.Spec.PersistentVolumeReclaimPolicy == "Delete" && volume.Spec.HostPath?.Path is { } path)
        {
            // Only what was made here, under the name it was given.
            if (Path.GetDirectoryName(path) == _folder && Path.GetFileName(path) == key.Name && Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            await _api.TryDeleteAsync(NodeKinds.Volume, key, new DeleteOptions { Uid = volume.Metadata.Uid }, cancellation);
        }
    }

    private async Task StatusAsync(ResourceKind kind, NamespacedName key, JsonObject status, CancellationToken cancellation) =>
        await _api.PatchAsync(kind, key, PatchKind.Merge, new JsonObject { ["status"] = status }, AsController with { Subresource = "status" }, cancellation);

    private static JsonObject Annotated(params ReadOnlySpan<string> names)
    {
        var annotations = new JsonObject();
        foreach (var name in names)
        {
            annotations[name] = "yes";
        }
        return new JsonObject { ["annotations"] = annotations };
    }

    private static JsonObject Guarded(ObjectMeta metadata, JsonObject change)
    {
        change["uid"] = metadata.Uid;
        change["resourceVersion"] = metadata.ResourceVersion;
        return new JsonObject { ["metadata"] = change };
    }

    private string? DefaultClassName() => _classes.List()
        .Where(c => c.Metadata.Annotations?.GetValueOrDefault(StorageObjects.DefaultClass) == "true")
        .OrderByDescending(c => c.Metadata.CreationTimestamp).FirstOrDefault()?.Metadata.Name;

    private void OnClaim(Change<PersistentVolumeClaim> change)
    {
        _queue.Add(change.Key);
        if (change.New is null && change.Old?.Spec.VolumeName is { Length: > 0 } volume)
        {
            _queue.Add(NamespacedName.Cluster(volume));
        }
    }

    private void OnVolume(Change<PersistentVolume> change)
    {
        _queue.Add(change.Key);
        if (change.Last.Spec.ClaimRef is { Namespace: { Length: > 0 } @namespace } owner)
        {
            _queue.Add(new(@namespace, owner.Name));
        }
        else if (change.Old is null)
        {
            AllClaims();
        }
    }

    private void AllClaims()
    {
        foreach (var claim in _claims.List().Where(c => c.Status.Phase != "Bound"))
        {
            _queue.Add(new(claim.Metadata.Namespace!, claim.Metadata.Name));
        }
        foreach (var volume in _volumes.List())
        {
            _queue.Add(NamespacedName.Cluster(volume.Metadata.Name));
        }
    }

    private void OnPod(Change<Pod> change)
    {
        if (change.New is null || change.New.IsFinished)
        {
            foreach (var source in (change.Last.Spec.Volumes ?? []).Select(v => v.PersistentVolumeClaim).OfType<ClaimSource>())
            {
                _queue.Add(new(change.Key.Namespace, source.ClaimName));
            }
        }
    }

    private static bool Uses(Pod pod, string claim) => pod.Spec.Volumes?.Exists(v => v.PersistentVolumeClaim?.ClaimName == claim) == true;

    private static ObjectReference Regarding(PersistentVolumeClaim claim) =>
        new("v1", "PersistentVolumeClaim", new(claim.Metadata.Namespace!, claim.Metadata.Name), claim.Metadata.Uid, claim.Metadata.ResourceVersion ?? "");

    [LoggerMessage(330, LogLevel.Warning, "Storage of {Object}: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, NamespacedName @object, string error);
}
