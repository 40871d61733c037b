using System.Text.Json.Nodes;
using Godwit.LocalCluster;
using Godwit.LocalCluster.ApiServer;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Perf;

/// <summary>An API server and virt-controller within this process, with nodes and guests that are only played.</summary>
/// <param name="nodes">How many nodes are played; an even number.</param>
internal sealed class QueueCluster(int nodes = 8) : IAsyncDisposable
{
    private const int Writers = 8;
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-queue-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private ApiServerHost? _server;
    private List<Task> _running = [];

    public ApiClient Api { get; private set; } = null!;

    public ReconcileCounter Looks { get; } = new("migration");

    /// <summary>What virt-controller needs to reach the API server.</summary>
    public string Kubeconfig => Path.Combine(_folder, "kubeconfig");

    public string Node(int i) => $"node{i % nodes:00}";

    /// <summary>Where the guest with this number is after its move: the node across.</summary>
    public string NodeAcross(int i) => Node(i + (nodes / 2));

    public async Task StartAsync(string manifests, CancellationToken ct)
    {
        _server = await ApiServerHost.StartAsync(
            new ApiServerOptions { StateDirectory = _folder, ClusterName = "queue" }, NullLoggerFactory.Instance, ct);
        var context = new ClusterContext(
            new ClusterOptions { StateDirectory = _folder, Name = "queue" }, _server, NullLoggerFactory.Instance, TimeProvider.System)
        {
            KubeconfigPath = Kubeconfig,
        };
        _running = [.. ClusterControllers.All().Select(part => part.RunAsync(context, _stop.Token))];
        Api = ApiClient.FromKubeconfig(context.KubeconfigPath);
        foreach (var file in Directory.GetFiles(Path.Combine(manifests, "crds")).Append(Path.Combine(manifests, "namespace.yaml")))
        {
            await CreateAllAsync(file, ct);
        }

        foreach (var file in new[] { "virt-controller.yaml", "kubevirt-cr.yaml" })
        {
            await CreateAllAsync(Path.Combine(manifests, file), ct);
        }

        await ForEachAsync(nodes, i => AddNodeAsync(Node(i), ct));
    }

    public Task AddNodeAsync(string name, CancellationToken ct) => Api.CreateAsync(Kinds.Node, NodeDocument(name), ct: ct);

    /// <summary>From here on virt-controller works, and the played agents with it.</summary>
    public void Work()
    {
        _running.Add(VirtControllers.RunAsync(new VirtControllerOptions(), Api, Looks, TimeProvider.System, _stop.Token));
        Play();
    }

    /// <summary>From here on the agents play, for a virt-controller that works elsewhere.</summary>
    public void Play() => _running.Add(new PlayedAgents(Api, NodeAcross).RunAsync(_stop.Token));

    /// <summary>A part that ended with an error before its time; null while all is well.</summary>
    public string? Problem() => _running.Find(static task => task.IsFaulted)?.Exception?.GetBaseException().Message;

    public Task LimitAsync(int parallel, CancellationToken ct) => Api.PatchAsync(
        Kinds.KubeVirt,
        new NamespacedName(Installation.Namespace, Installation.KubeVirtName),
        PatchKind.Merge,
        JsonNode.Parse($$$$$"""{"spec":{"configuration":{"migrations":{"parallelMigrationsPerCluster":{{{{{parallel}}}}}}}}}""")!,
        ct: ct);

    /// <summary>Does the same for many, some at a time.</summary>
    public static async Task ForEachAsync(int count, Func<int, Task> work)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
            {
                await work(i);
            }
        }));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ContinueWith(static _ => { }, TaskScheduler.Default);
        Api?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task CreateAllAsync(string file, CancellationToken ct)
    {
        foreach (var document in Yaml.ParseObjects(await File.ReadAllTextAsync(file, ct)))
        {
            while (true)
            {
                try
                {
                    await Api.CreateAsync(KindOf(document), document, ct: ct);
                    break;
                }
                catch (ApiException e) when (e.IsNotFound)
                {
                    // Its definition is not served yet.
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, ct);
                }
            }
        }
    }

    private static ResourceKind KindOf(JsonObject document)
    {
        var version = document.Text("apiVersion")!;
        var slash = version.IndexOf('/', StringComparison.Ordinal);
        var kind = document.Text("kind")!;
        var cluster = kind is "CustomResourceDefinition" or "Namespace" or "ClusterRole" or "ClusterRoleBinding";
        return new ResourceKind(slash < 0 ? "" : version[..slash], version[(slash + 1)..], kind.ToLowerInvariant() + "s", kind, !cluster);
    }

    // Without a heartbeat a node is not missed either.
    private static JsonObject NodeDocument(string name) => (JsonObject)JsonNode.Parse($$$$"""
        {"apiVersion":"v1","kind":"Node",
         "metadata":{"name":"{{{{name}}}}","labels":{"kubevirt.io/schedulable":"true","kubernetes.io/arch":"amd64","kubernetes.io/hostname":"{{{{name}}}}"}}}
        """)!;
}
