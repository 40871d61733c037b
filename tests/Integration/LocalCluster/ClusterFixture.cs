using System.Text.Json.Nodes;
using Godwit.Integration.ApiServer;
using Godwit.LocalCluster;
using Godwit.LocalCluster.ApiServer;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>
/// An API server with its controllers in this process, on a free port, and the machine's kubectl to judge it. With
/// <c>GODWIT_TEST_KUBECONFIG</c> it is the API server of that file, whose administrator the tests are then; what looks into the
/// process of the server, or has it write certificates, is skipped.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly FakePodLogs _logs = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-cluster-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private ApiServerHost? _server;
    private List<Task> _controllers = [];

    /// <summary>The server in this process; skips the test where there is none.</summary>
    public ApiServerHost Server
    {
        get
        {
            RequireOwn();
            return _server!;
        }
    }

    /// <summary>What stands in for the kubelets' logs.</summary>
    public FakePodLogs Logs
    {
        get
        {
            RequireOwn();
            return _logs;
        }
    }

    public Kubectl Kubectl => new(Kubeconfig, _folder);

    /// <summary>Another kubectl, which keeps what it caches apart.</summary>
    public Kubectl KubectlOf(string program) => new(Kubeconfig, Directory.CreateDirectory(Path.Combine(_folder, "home-" + Guid.NewGuid().ToString("N"))).FullName, program);

    public string Kubeconfig => GivenCluster.Kubeconfig ?? Path.Combine(_folder, "kubeconfig");

    public async ValueTask InitializeAsync()
    {
        if (GivenCluster.Kubeconfig is not null)
        {
            return;
        }

        _server = await ApiServerHost.StartAsync(new ApiServerOptions { StateDirectory = _folder, ClusterName = "h3", PodLogs = _logs }, NullLoggerFactory.Instance, CancellationToken.None);
        var context = new ClusterContext(new ClusterOptions { StateDirectory = _folder, Name = "h3" }, _server, NullLoggerFactory.Instance, TimeProvider.System) { KubeconfigPath = Kubeconfig };
        _controllers = [.. ClusterControllers.All().Select(c => c.RunAsync(context, _stop.Token))];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_controllers).ContinueWith(static _ => { }, TaskScheduler.Default);
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Plain HTTP as the administrator.</summary>
    internal RawClient Admin() => RawClient.Of(Kubeconfig);

    /// <summary>Skips a test that needs the server in this process, or nodes without a kubelet, which it plays itself.</summary>
    public static void RequireOwn() =>
        Assert.SkipWhen(GivenCluster.Kubeconfig is not null, $"SKIPPED: needs an API server in the tests' own process and nodes without kubelets, not the cluster of {GivenCluster.Variable}");

    /// <summary>A controller that ended early has failed.</summary>
    public IEnumerable<Task> EndedControllers => _controllers.Where(c => c.IsCompleted);

    /// <inheritdoc cref="LocalCluster.Kubectl.RunAsync"/>
    public Task<KubectlResult> KubectlAsync(string arguments, string? input = null, string? editor = null) => Kubectl.RunAsync(arguments, input, editor);

    /// <inheritdoc cref="LocalCluster.Kubectl.MustAsync"/>
    public Task<string> MustAsync(string arguments, string? input = null, string? editor = null) => Kubectl.MustAsync(arguments, input, editor);

    public async Task<JsonObject> GetAsync(string arguments) => (JsonObject)JsonNode.Parse(await MustAsync($"get {arguments} -o json"))!;

    /// <summary>A new namespace with a name of its own.</summary>
    public async Task<string> NamespaceAsync()
    {
        var name = "t" + Guid.NewGuid().ToString("N")[..8];
        await MustAsync("create -f -", "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" + name + "\"}}");
        return name;
    }
}
