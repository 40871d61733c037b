using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Network;
using Godwit.Machinery;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Devices;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Tests.Integration.Kubelet;

/// <summary>virt-handler's device plug-in on the first node, with a device of the test's own that is another name of /dev/null.</summary>
internal sealed class RunningPlugin : IAsyncDisposable
{
    public const string Resource = "example.com/null";
    public const int Count = 10;

    private readonly CancellationTokenSource _stop = new();
    private readonly HostTools _tools;
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-devices-").FullName;
    private readonly Task _running;

    private RunningPlugin(NodeCluster cluster)
    {
        _tools = cluster.Tools;
        var paths = new KubeletPaths(cluster.Options.Name, cluster.Options.StateDirectory, cluster.Options.Nodes[0]);
        Sockets = paths.DevicePlugins;
        Checkpoint = paths.DeviceCheckpoint;
        IReadOnlyList<NodeDevice> devices = [new(Resource, Device)];
        var health = new DeviceHealth();
        var options = new VirtHandlerOptions { Node = cluster.Options.Nodes[0], KubeletRoot = paths.Root, DevicesPerNode = Count };
        _running = TaskGroup.RunAsync(
            _stop.Token,
            new DeviceWatch(devices, health, NullLogger.Instance, TimeProvider.System).RunAsync,
            new DevicePluginServer(devices, health, options, NullLoggerFactory.Instance, NullLogger.Instance, TimeProvider.System).RunAsync);
    }

    public string Device => Path.Combine(_folder, "null");

    public string Sockets { get; }

    public string Checkpoint { get; }

    public static async Task<RunningPlugin> StartAsync(NodeCluster cluster)
    {
        var plugin = new RunningPlugin(cluster);
        await plugin.PlugInAsync();
        return plugin;
    }

    public async Task PlugInAsync()
    {
        await _tools.RunAsync("mknod", [$"{Device}.new", "c", "1", "3"], CancellationToken.None);
        await _tools.RunAsync("chmod", ["666", $"{Device}.new"], CancellationToken.None);
        File.Move($"{Device}.new", Device);
    }

    public void PullOut() => File.Delete(Device);

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
