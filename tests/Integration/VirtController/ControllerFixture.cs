using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster;
using Godwit.LocalCluster.ApiServer;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>A real API server with virt-controller at work, and nodes that are played by the test.</summary>
public sealed class ControllerFixture : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-controller-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<IPEndPoint> _metrics = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ApiServerHost? _server;
    private ApiClient? _api;
    private ApiClient? _own;
    private List<Task> _running = [];

    public ApiClient Api => _api!;

    /// <summary>Where virt-controller says how it is.</summary>
    public Task<IPEndPoint> MetricsAsync() => _metrics.Task.WaitAsync(Deadline);

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServerHost.StartAsync(
            new ApiServerOptions { StateDirectory = _folder, ClusterName = "h5" }, NullLoggerFactory.Instance, CancellationToken.None);
        var context = new ClusterContext(
            new ClusterOptions { StateDirectory = _folder, Name = "h5" }, _server, NullLoggerFactory.Instance, TimeProvider.System)
        {
            KubeconfigPath = Path.Combine(_folder, "kubeconfig"),
        };
        _running = [.. ClusterControllers.All().Select(part => part.RunAsync(context, _stop.Token))];
        _api = ApiClient.FromKubeconfig(context.KubeconfigPath);
        await ManifestsAsync();
        // As itself: what its role does not hold fails here.
        var kubeconfig = Path.Combine(_folder, "virt-controller.kubeconfig");
        _server.WriteKubeconfig(kubeconfig, "virt-controller", Installation.ControllerUser, ["system:serviceaccounts", "system:serviceaccounts:kubevirt"]);
        _own = ApiClient.Open(new() { Kubeconfig = kubeconfig, Metrics = new MetricRegistry(MonitoringNames.Prefix) });
        var options = new VirtControllerOptions { MetricsListen = new(IPAddress.Loopback, 0), MetricsStarted = _metrics.SetResult };
        _running.Add(VirtControllers.RunAsync(
            options, _own, NullLoggerFactory.Instance, TimeProvider.System, _stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ContinueWith(static _ => { }, TaskScheduler.Default);
        _own?.Dispose();
        _api?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A VMI as admission would store it.</summary>
    public Task<VirtualMachineInstance> CreateVmiAsync(string name) => Api.CreateAsync(
        Kinds.VirtualMachineInstance,
        "default",
        Defaults.ForCreate(
            new VirtualMachineInstance
            {
                ApiVersion = "kubevirt.io/v1",
                Kind = "VirtualMachineInstance",
                Metadata = new ObjectMeta { Name = name, Namespace = "default" },
                Spec = new VirtualMachineInstanceSpec
                {
                    Domain = new DomainSpec { Memory = new MemorySpec { Guest = "64Mi" } },
                },
            },
            ClusterConfiguration.Default,
            TimeProvider.System.GetUtcNow()),
        TypesJson.Default.VirtualMachineInstance);

    public Task<VirtualMachineInstanceMigration> CreateMigrationAsync(string vmi) => Api.CreateAsync(
        Kinds.VirtualMachineInstanceMigration,
        "default",
        Defaults.ForCreate(new VirtualMachineInstanceMigration
        {
            ApiVersion = "kubevirt.io/v1",
            Kind = "VirtualMachineInstanceMigration",
            Metadata = new ObjectMeta { GenerateName = "move-", Namespace = "default" },
            Spec = new VirtualMachineInstanceMigrationSpec { VmiName = vmi },
        }),
        TypesJson.Default.VirtualMachineInstanceMigration);

    /// <summary>The VMI, once it is as wanted.</summary>
    public Task<VirtualMachineInstance> VmiAsync(string name, Func<VirtualMachineInstance, bool> wanted) =>
        UntilAsync(Kinds.VirtualMachineInstance, name, TypesJson.Default.VirtualMachineInstance, wanted);

    /// <summary>The migration, once it is as wanted.</summary>
    public Task<VirtualMachineInstanceMigration> MigrationAsync(string name, Func<VirtualMachineInstanceMigration, bool> wanted) =>
        UntilAsync(Kinds.VirtualMachineInstanceMigration, name, TypesJson.Default.VirtualMachineInstanceMigration, wanted);

    public Task<VirtualMachineInstanceMigration> MigrationAsync(string name, string phase) =>
        MigrationAsync(name, migration => migration.Status?.Phase == phase);

    /// <summary>A launcher pod of the VMI that is as wanted, once there is one.</summary>
    public async Task<Pod> PodAsync(VirtualMachineInstance vmi, Func<Pod, bool> wanted)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var options = new WatchOptions { LabelSelector = $"{Labels.CreatedBy}={vmi.Metadata.Uid}" };
        await foreach (var item in Api.WatchAsync(Kinds.Pod, "default", TypesJson.Default.Pod, options, deadline.Token))
        {
            if (item is { Object: { } pod, Type: WatchEventType.Added or WatchEventType.Modified } && wanted(pod))
            {
                return pod;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }

    /// <summary>Waits until an object is no longer there.</summary>
    public async Task GoneAsync(ResourceKind kind, string name)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var options = new WatchOptions { FieldSelector = $"metadata.name={name}" };
        if (await Api.TryGetAsync(kind, new NamespacedName("default", name), deadline.Token) is null)
        {
            return;
        }

        await foreach (var item in Api.WatchAsync(kind, "default", options, deadline.Token))
        {
            if (item.Type == WatchEventType.Deleted
                || await Api.TryGetAsync(kind, new NamespacedName("default", name), deadline.Token) is null)
            {
                return;
            }
        }
    }

    /// <summary>Plays scheduler and kubelet: the pod runs on the node.</summary>
    public async Task RunPodAsync(Pod pod, string node)
    {
        var key = new NamespacedName("default", pod.Metadata.Name!);
        await Api.CreateSubresourceAsync(
            Kinds.Pod,
            key,
            "binding",
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Binding",
                ["metadata"] = new JsonObject { ["name"] = key.Name },
                ["target"] = new JsonObject { ["kind"] = "Node", ["name"] = node },
            });
        await PatchPodAsync(pod, """
            {"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
             "containerStatuses":[{"name":"compute","ready":true,"image":"x","imageID":"x","restartCount":0,"state":{"running":{}}}]}}
            """);
    }

    public Task PatchPodAsync(Pod pod, string status) => Api.PatchAsync(
        Kinds.Pod,
        new NamespacedName("default", pod.Metadata.Name!),
        PatchKind.Merge,
        JsonNode.Parse(status)!,
        WriteOptions.Status);

    /// <summary>Plays an agent: it changes the VMI's status.</summary>
    public Task PatchVmiAsync(string name, string patch) => Api.PatchAsync(
        Kinds.VirtualMachineInstance, new NamespacedName("default", name), PatchKind.Merge, JsonNode.Parse(patch)!);

    /// <summary>Brings a VMI to life on node01.</summary>
    public async Task<VirtualMachineInstance> RunVmiAsync(string name)
    {
        var vmi = await CreateVmiAsync(name);
        await RunPodAsync(await PodAsync(vmi, static _ => true), "node01");
        await VmiAsync(name, static one => one.Status?.Phase == VmiPhases.Scheduled);
        await PatchVmiAsync(name, """{"status":{"phase":"Running"}}""");
        return await VmiAsync(name, static one => one.Status!.Conditions.IsTrue(Conditions.Ready));
    }

    /// <summary>The object, once it is as wanted.</summary>
    public async Task<T> UntilAsync<T>(
        ResourceKind kind, string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, Func<T, bool> wanted)
        where T : ApiObject
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var options = new WatchOptions { FieldSelector = $"metadata.name={name}" };
        T? last = null;
        try
        {
            await foreach (var item in Api.WatchAsync(kind, "default", type, options, deadline.Token))
            {
                last = item.Object ?? last;
                if (item is { Object: { } found, Type: WatchEventType.Added or WatchEventType.Modified } && wanted(found))
                {
                    return found;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told below, with the last state seen.
        }

        throw new TimeoutException(
            $"{kind.Kind} {name} did not come to the wanted state; last: {(last is null ? "never seen" : System.Text.Json.JsonSerializer.Serialize(last, type))}");
    }

    private async Task ManifestsAsync()
    {
        var deploy = Deploy();
        foreach (var file in Directory.GetFiles(Path.Combine(deploy, "crds")).Append(Path.Combine(deploy, "namespace.yaml")))
        {
            await CreateAllAsync(file);
        }

        foreach (var kind in new[] { Kinds.VirtualMachineInstance, Kinds.VirtualMachineInstanceMigration, Kinds.KubeVirt, Kinds.MigrationPolicy, Kinds.VirtualMachine, Kinds.VirtualMachineInstanceReplicaSet })
        {
            await EstablishedAsync(kind);
        }

        await CreateAllAsync(Path.Combine(deploy, "virt-controller.yaml"));
        await CreateAllAsync(Path.Combine(deploy, "kubevirt-cr.yaml"));
    }

    private async Task CreateAllAsync(string file)
    {
        foreach (var document in Yaml.ParseObjects(await File.ReadAllTextAsync(file)))
        {
            await Api.CreateAsync(KindOf(document), document);
        }
    }

    private async Task EstablishedAsync(ResourceKind kind)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var crd = new ResourceKind("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false);
        var options = new WatchOptions { FieldSelector = $"metadata.name={kind.GroupResource}" };
        await foreach (var item in Api.WatchAsync(crd, null, options, deadline.Token))
        {
            if (item.Object?.At("status", "conditions") is JsonArray conditions
                && conditions.Any(condition => condition.Text("type") == "Established" && condition.Text("status") == "True"))
            {
                return;
            }
        }
    }

    private static ResourceKind KindOf(JsonObject document)
    {
        var version = document.Text("apiVersion")!;
        var slash = version.IndexOf('/', StringComparison.Ordinal);
        var kind = document.Text("kind")!;
        var cluster = kind is "CustomResourceDefinition" or "Namespace" or "ClusterRole" or "ClusterRoleBinding";
        return new ResourceKind(
            slash < 0 ? "" : version[..slash], version[(slash + 1)..], kind.ToLowerInvariant() + "s", kind, !cluster);
    }

    private static string Deploy([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy"));
}
