using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster;
using Godwit.LocalCluster.Aggregation;
using Godwit.LocalCluster.ApiServer;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>An API server with the project's own manifests, and virt-api behind its webhooks; no nodes.</summary>
public sealed class VirtApiFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-virt-api-").FullName;
    private static readonly ResourceKind ApiServices =
        new("apiregistration.k8s.io", "v1", "apiservices", "APIService", Namespaced: false);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ApiClient> _clients = [];
    private ApiServerHost? _server;
    private Task _serving = Task.CompletedTask;
    private Task _aggregating = Task.CompletedTask;

    public ApiServerHost Server => _server!;

    /// <summary>Where tests may put files.</summary>
    public string Folder => _folder;

    /// <summary>Where virt-api listens.</summary>
    public IPEndPoint Endpoint { get; private set; } = null!;

    /// <summary>An ordinary administrator.</summary>
    public ApiClient Admin { get; private set; } = null!;

    /// <summary>A node's agent.</summary>
    public ApiClient Handler { get; private set; } = null!;

    /// <summary>virt-controller.</summary>
    public ApiClient Controller { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServerHost.StartAsync(
            new ApiServerOptions { StateDirectory = _folder }, NullLoggerFactory.Instance, _stop.Token);
        var context = new ClusterContext(new ClusterOptions { StateDirectory = _folder }, _server, NullLoggerFactory.Instance, TimeProvider.System)
        {
            KubeconfigPath = Path.Combine(_folder, "kubeconfig"),
        };
        _aggregating = new ApiServiceController().RunAsync(context, _stop.Token);
        Admin = Client("admin", "kubernetes-admin", ["system:masters"]);
        Handler = Client("handler", Installation.HandlerUser, ["system:serviceaccounts"]);
        Controller = Client("controller", Installation.ControllerUser, ["system:serviceaccounts"]);
        var deploy = Path.Combine(RepositoryRoot(), "deploy");
        await ApplyAsync(Path.Combine(deploy, "namespace.yaml"));
        foreach (var file in Directory.GetFiles(Path.Combine(deploy, "crds")).Order(StringComparer.Ordinal))
        {
            await ApplyAsync(file);
        }

        var listening = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var file in (string[])["virt-controller.yaml", "virt-handler.yaml", "user-roles.yaml", "virt-api.yaml", "localcluster/virt-api-service.yaml"])
        {
            await ApplyAsync(Path.Combine(deploy, file));
        }

        _serving = VirtApiServer.RunAsync(
            new VirtApiOptions { Listen = new(IPAddress.Loopback, 0), Ready = listening.SetResult },
            Client("virt-api", Installation.ApiUser, ["system:serviceaccounts"], new MetricRegistry(MonitoringNames.Prefix)),
            NullLoggerFactory.Instance,
            TimeProvider.System,
            _stop.Token);
        var first = await Task.WhenAny(_serving, listening.Task.WaitAsync(TimeSpan.FromSeconds(30), _stop.Token));
        await first;
        Endpoint = await listening.Task;
        await ExposeAsync(Endpoint);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        await _aggregating.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _clients.ForEach(static client => client.Dispose());
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Creates what a YAML text describes.</summary>
    public async Task<JsonObject> CreateAsync(string yaml, ApiClient? client = null)
    {
        var document = (JsonObject)Yaml.Parse(yaml)!;
        return await (client ?? Admin).CreateAsync(KindOf(document), document);
    }

    /// <summary>Waits until the API server has found out what virt-api serves: before that it hands no requests on.</summary>
    public async Task ServedAsync(CancellationToken ct)
    {
        foreach (var version in (string[])["v1", "v1alpha3"])
        {
            await UntilAsync(
                ApiServices,
                $"{version}.subresources.kubevirt.io",
                static service => service.At("status", "conditions")?.ToJsonString().Contains("\"True\"", StringComparison.Ordinal) == true,
                "is not available",
                ct);
        }
    }

    /// <summary>Waits until a node's agent has said where it is reached.</summary>
    public Task AnnouncedAsync(string node, CancellationToken ct) =>
        UntilAsync(Kinds.Node, node, static one => one.Annotations().ContainsKey(Consoles.EndpointAnnotation), "has no agent's address", ct);

    /// <summary>Waits until an object is as wanted, and gives it.</summary>
    public async Task<JsonObject> UntilAsync(ResourceKind kind, string name, Func<JsonObject, bool> wanted, string otherwise, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            await foreach (var change in Admin.WatchAsync(kind, options: new() { FieldSelector = $"metadata.name={name}" }, ct: either.Token))
            {
                if (change.Object is { } seen && wanted(seen))
                {
                    return seen;
                }
            }
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"{kind.Kind} {name} {otherwise} after 30 s", late);
        }

        throw new TimeoutException($"{kind.Kind} {name} {otherwise}, and the watch has ended");
    }

    private async Task ApplyAsync(string file)
    {
        foreach (var document in Yaml.ParseObjects(await File.ReadAllTextAsync(file)))
        {
            await Admin.CreateAsync(KindOf(document), document);
        }
    }

    private Task ExposeAsync(IPEndPoint address) => CreateAsync($$$"""
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: virt-api, namespace: kubevirt, labels: {kubernetes.io/service-name: virt-api}}
        addressType: IPv4
        endpoints: [{addresses: ["127.0.0.1"], conditions: {ready: true}}]
        ports: [{name: https, port: {{{address.Port}}}, protocol: TCP}]
        """);

    private ApiClient Client(string file, string user, IReadOnlyList<string> groups, MetricRegistry? metrics = null)
    {
        var path = Path.Combine(_folder, $"{file}.kubeconfig");
        _server!.WriteKubeconfig(path, file, user, groups);
        var client = ApiClient.Open(new() { Kubeconfig = path, Metrics = metrics });
        _clients.Add(client);
        return client;
    }

    private static ResourceKind KindOf(JsonObject document)
    {
        var kind = document.Text("kind")!;
        var (group, version) = document.Text("apiVersion")!.Split('/') is [var g, var v] ? (g, v) : ("", document.Text("apiVersion")!);
        var plural = kind switch
        {
            "MigrationPolicy" => "migrationpolicies",
            _ => kind.ToLowerInvariant() + "s",
        };
        return new(group, version, plural, kind, Namespaced: document.Namespace().Length > 0);
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Godwit.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The repository's root is not above the tests.");
        }

        return folder;
    }
}
