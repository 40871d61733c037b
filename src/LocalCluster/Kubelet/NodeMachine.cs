using Godwit.LocalCluster.Network;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// A node as a machine with a switch: with power it has a network and runs its kubelet and its proxy; without, nothing of it runs
/// or answers, and nobody tells the API so. The switch is a file, so it stays as it is whatever happens to this process.
/// </summary>
/// <param name="paths">Where the node keeps what.</param>
/// <param name="network">The networks of all nodes.</param>
/// <param name="place">Where this one sits.</param>
/// <param name="tools">Tools of the host.</param>
/// <param name="work">What runs on the node while it has power.</param>
/// <param name="logger">Where the switch's changes are told.</param>
/// <param name="time">The clock.</param>
internal sealed partial class NodeMachine(
    KubeletPaths paths, ClusterNetwork network, NodePlace place, HostTools tools, IReadOnlyList<Func<CancellationToken, Task>> work, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly NodeNetwork _networks = new(tools);
    private readonly ChangeSignal _switched = new();

    public bool IsOff => File.Exists(paths.PowerOff);

    /// <summary>Gives the node its network.</summary>
    public Task PlugInAsync(CancellationToken cancellation) => _networks.EnsureNodeAsync(network, place, cancellation);

    /// <summary>Runs until cancelled, or until something on the node fails. A node that has power is plugged in already.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var watcher = Watch();
        while (true)
        {
            if (IsOff)
            {
                await TakePowerAsync(cancellation);
                LogOff(logger, place.Node);
                await _switched.UntilAsync(() => !IsOff, cancellation);
                await PlugInAsync(cancellation);
                LogOn(logger, place.Node);
            }
            await WorkAsync(cancellation);
        }
    }

    private async Task WorkAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await TaskGroup.RunAsync(stop.Token, [.. work, OutageAsync]);
        }
        catch (Exception e) when (stop.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // Without power nothing on the node goes on, however it ends.
            LogInterrupted(logger, place.Node, e.Message);
        }

        async Task OutageAsync(CancellationToken token)
        {
            await _switched.UntilAsync(() => IsOff, token);
            // First, so that what ends in the next moments cannot tell its peers.
            await _networks.CutAsync(place, token);
            await stop.CancelAsync();
        }
    }

    private async Task TakePowerAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await PowerCut.RunAsync(paths, network, place, tools, cancellation);
                return;
            }
            catch (Exception e) when (e is HostToolException or ContainerRuntimeException or IOException)
            {
                LogStillOn(logger, place.Node, e.Message);
                await Task.Delay(Retry, time, cancellation);
            }
        }
    }

    private FileSystemWatcher Watch()
    {
        Directory.CreateDirectory(paths.NodeFolder);
        var watcher = new FileSystemWatcher(paths.NodeFolder, Path.GetFileName(paths.PowerOff)) { NotifyFilter = NotifyFilters.FileName };
        watcher.Created += (_, _) => _switched.Raise();
        watcher.Renamed += (_, _) => _switched.Raise();
        watcher.Deleted += (_, _) => _switched.Raise();
        watcher.Error += (_, _) => _switched.Raise();
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    [LoggerMessage(350, LogLevel.Information, "Node {Node} is without power")]
    private static partial void LogOff(ILogger logger, string node);

    [LoggerMessage(351, LogLevel.Information, "Node {Node} has power again and boots")]
    private static partial void LogOn(ILogger logger, string node);

    [LoggerMessage(353, LogLevel.Debug, "Node {Node}: its work ended with its power: {Reason}")]
    private static partial void LogInterrupted(ILogger logger, string node, string reason);

    [LoggerMessage(352, LogLevel.Warning, "Node {Node}: not all of it could be ended: {Error}; trying again")]
    private static partial void LogStillOn(ILogger logger, string node, string error);
}
