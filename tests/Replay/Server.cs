using System.Security.Cryptography.X509Certificates;
using Godwit.LocalCluster;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Replay;

/// <summary>A LocalCluster without nodes: API server and controllers in this process, in a folder that goes with it.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-replay-").FullName;
    private readonly CancellationTokenSource _stop = new();
    private ApiServerHost? _host;
    private List<Task> _controllers = [];

    public ApiServerHost Host => _host!;

    public string WorkFolder => Path.Combine(_folder, "work");

    public string HomeFolder => Path.Combine(_folder, "home");

    public static async Task<Server> StartAsync()
    {
        var server = new Server();
        Directory.CreateDirectory(server.WorkFolder);
        Directory.CreateDirectory(server.HomeFolder);
        var state = Path.Combine(server._folder, "state");
        var options = new ApiServerOptions { StateDirectory = state, ClusterName = "replay" };
        // Like the recorded one it has been started before, and has forgotten what was then.
        await using (var before = await ApiServerHost.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None))
        {
            await before.Store.CompactAsync(before.Store.Revision);
        }

        server._host = await ApiServerHost.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None);
        var context = new ClusterContext(new ClusterOptions { StateDirectory = state, Name = "replay" }, server._host, NullLoggerFactory.Instance, TimeProvider.System)
        {
            KubeconfigPath = Path.Combine(state, "kubeconfig"),
        };
        server._controllers = [.. ClusterControllers.All().Append(new StorageService()).Select(c => c.RunAsync(context, server._stop.Token))];
        return server;
    }

    /// <summary>The certificate of the user that the recording was made as.</summary>
    public X509Certificate2 Admin() => Host.Pki.Client("rig-admin", "rig-admin", ["system:masters"]).Load();

    public string CaBundle() => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(Host.Pki.CaPem));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_controllers).ContinueWith(static _ => { }, TaskScheduler.Default);
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
