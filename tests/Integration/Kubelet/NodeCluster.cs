using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster;
using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Scheduling;
using Godwit.LocalCluster.Storage;
using Godwit.Machinery;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

/// <summary>A whole cluster of two nodes with real containers, under a name and ranges of its own; can be ended and started again.</summary>
public sealed class NodeCluster : IAsyncLifetime
{
    public const string Image = "host/shell:1";
    public static readonly ResourceKind Pods = new("", "v1", "pods", "Pod", Namespaced: true);
    public static readonly ResourceKind Claims = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", Namespaced: true);
    public static readonly ResourceKind Volumes = new("", "v1", "persistentvolumes", "PersistentVolume", Namespaced: false);
    public static readonly ResourceKind ConfigMaps = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);
    public static readonly ResourceKind Nodes = new("", "v1", "nodes", "Node", Namespaced: false);
    public static readonly ResourceKind Events = new("", "v1", "events", "Event", Namespaced: true);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public ClusterOptions Options { get; } = new()
    {
        StateDirectory = Directory.CreateTempSubdirectory("godwit-nodes-").FullName,
        Name = "gwtest4",
        ApiPort = 14843,
        NodeCidr = "10.104.64.0/24",
        ExtraAddresses = [IPAddress.Parse("10.104.64.1")],
        PodCidr = "10.174.0.0/16",
        ServiceCidr = "10.184.0.0/16",
    };

    public ApiClient Api { get; private set; } = null!;

    public HostTools Tools { get; } = new(TimeProvider.System);

    public ImageStore Images => new(KubeletPaths.ImagesOf(Options.StateDirectory), TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it makes network namespaces and runs containers");
        await ClusterCleanup.RunAsync(Options, CancellationToken.None);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await ClusterCleanup.RunAsync(Options, CancellationToken.None);
        Directory.Delete(Options.StateDirectory, recursive: true);
        _stop.Dispose();
    }

    public async Task StartAsync()
    {
        _stop = new CancellationTokenSource();
        IClusterService[] services =
        [
            new NodesService([new HostImage(Image, ["/bin/sh"], new Dictionary<string, string>())]),
            new SchedulerService(),
            new StorageService(),
        ];
        _running = ClusterHost.RunAsync(Options, services, NullLoggerFactory.Instance, _stop.Token);
        using var deadline = new CancellationTokenSource(Deadline);
        // The file is there once the server listens.
        var kubeconfig = Path.Combine(Options.StateDirectory, "kubeconfig");
        while (!File.Exists(kubeconfig) && !_running.IsCompleted)
        {
            await Task.Delay(20, deadline.Token);
        }
        if (_running.IsCompleted)
        {
            await _running;
        }
        Api = ApiClient.FromKubeconfig(kubeconfig);
        foreach (var node in Options.Nodes)
        {
            await WaitAsync(Nodes, NamespacedName.Cluster(node), n => Condition(n, "Ready") == "True");
        }
    }

    /// <summary>Ends the cluster's process, as it were; containers go on.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Api?.Dispose();
        _stop.Dispose();
    }

    public Task<JsonObject> CreateAsync(ResourceKind kind, string json) =>
        Api.CreateAsync(kind, JsonNode.Parse(json)!.AsObject(), ct: TestContext.Current.CancellationToken);

    /// <summary>Creates a pod in namespace default with one container <c>c</c> that runs a shell script.</summary>
    public Task<JsonObject> RunAsync(string name, string script, Action<JsonObject>? change = null)
    {
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["labels"] = new JsonObject { ["app"] = name } },
            ["spec"] = new JsonObject
            {
                ["terminationGracePeriodSeconds"] = 2,
                ["restartPolicy"] = "Never",
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = Image, ["command"] = new JsonArray("/bin/sh", "-c", script) }),
            },
        };
        change?.Invoke(pod["spec"]!.AsObject());
        return Api.CreateAsync(Pods, pod, ct: TestContext.Current.CancellationToken);
    }

    public static NamespacedName Key(string name) => new("default", name);

    public Task<JsonObject> PhaseAsync(string name, string phase) => WaitAsync(Pods, Key(name), p => p.Text("status", "phase") == phase);

    public Task<JsonObject> ReadyAsync(string name) => WaitAsync(Pods, Key(name), p => Condition(p, "Ready") == "True");

    public async Task DeleteAsync(string name, long? grace = null)
    {
        await Api.DeleteAsync(Pods, Key(name), new DeleteOptions { GracePeriodSeconds = grace }, TestContext.Current.CancellationToken);
        await GoneAsync(Pods, Key(name));
    }

    public async Task<string> LogAsync(string name, PodLogOptions? options = null)
    {
        await using var stream = await Api.PodLogsAsync(Key(name), options, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until the object is as the predicate says; fails with what it was last.</summary>
    public async Task<JsonObject> WaitAsync(ResourceKind kind, NamespacedName key, Func<JsonObject, bool> predicate)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        JsonObject? last = null;
        try
        {
            while (true)
            {
                var options = new WatchOptions { FieldSelector = $"metadata.name={key.Name}" };
                await foreach (var change in Api.WatchAsync(kind, key.Namespace.Length > 0 ? key.Namespace : null, options, deadline.Token))
                {
                    last = change.Object ?? last;
                    if (change.Type is WatchEventType.Added or WatchEventType.Modified && predicate(change.Object!))
                    {
                        return change.Object!;
                    }
                }
            }
        }
        catch (OperationCanceledException e) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{key} did not become as expected; it is {last?.ToJsonString()}", e);
        }
    }

    public async Task GoneAsync(ResourceKind kind, NamespacedName key)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        while (await Api.TryGetAsync(kind, key, deadline.Token) is { } left)
        {
            var options = new WatchOptions { FieldSelector = $"metadata.name={key.Name}", ResourceVersion = left.ResourceVersion() };
            await foreach (var change in Api.WatchAsync(kind, key.Namespace.Length > 0 ? key.Namespace : null, options, deadline.Token))
            {
                if (change.Type == WatchEventType.Deleted)
                {
                    break;
                }
            }
        }
    }

    public static string? Condition(JsonObject @object, string type) =>
        @object.At("status", "conditions")?.AsArray().FirstOrDefault(c => c.Text("type") == type).Text("status");

    public static JsonNode? Container(JsonObject pod) => pod.At("status", "containerStatuses")?[0];
}
