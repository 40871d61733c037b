using System.Net.Sockets;
using Godwit.DevicePlugins;
using Godwit.Machinery;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Devices;

/// <summary>
/// Offers the node's devices to its kubelet. A kubelet that starts clears the folder of all sockets and knows no plug-in any more, so
/// then everything is made and registered anew.
/// </summary>
internal sealed partial class DevicePluginServer
{
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Kubelet and agent may be started at the same time; only after this is it worth a word.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyDictionary<string, NodeDevice> _devices;
    private readonly DeviceHealth _health;
    private readonly int _count;
    private readonly string _folder;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ChangeSignal _noticed = new();
    private int _kubelets;

    /// <param name="devices">What is offered, by extended resource.</param>
    /// <param name="health">Whether each can be given away.</param>
    /// <param name="options">The kubelet's root, and how often each device is offered.</param>
    /// <param name="loggers">For the gRPC server's own messages.</param>
    /// <param name="logger">For this class's.</param>
    /// <param name="time">Paces new attempts.</param>
    public DevicePluginServer(
        IReadOnlyList<NodeDevice> devices, DeviceHealth health, VirtHandlerOptions options, ILoggerFactory loggers, ILogger logger, TimeProvider time)
    {
        _health = health;
        _count = options.DevicesPerNode;
        _folder = Path.Combine(options.KubeletRoot, DevicePluginApi.Folder);
        _devices = devices.ToDictionary(device => Path.Combine(_folder, device.Socket), StringComparer.Ordinal);
        _loggers = loggers;
        _logger = logger;
        _time = time;
    }

    private string KubeletSocket => Path.Combine(_folder, DevicePluginApi.KubeletSocket);

    /// <summary>Works until cancelled. Guests that run need no plug-in, so no failure here ends the agent.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));
        while (true)
        {
            try
            {
                Directory.CreateDirectory(_folder);
                using var watcher = Watch();
                while (true)
                {
                    await ServeAsync(backoff.Reset, cancellationToken);
                }
            }
            catch (Exception e) when (e is RpcException or IOException or SocketException or UnauthorizedAccessException && !cancellationToken.IsCancellationRequested)
            {
                LogFailed(_logger, _folder, e is RpcException { Status: var status } ? status.Detail : e.Message);
                await backoff.WaitAsync(_time, cancellationToken);
            }
        }
    }

    /// <summary>From one kubelet's start to the next one's.</summary>
    private async Task ServeAsync(Action registered, CancellationToken cancellationToken)
    {
        if (!File.Exists(KubeletSocket))
        {
            var there = _noticed.UntilAsync(() => File.Exists(KubeletSocket), cancellationToken);
            if (await Task.WhenAny(there, Task.Delay(Patience, _time, cancellationToken)) != there && !cancellationToken.IsCancellationRequested)
            {
                LogWaiting(_logger, KubeletSocket);
            }

            await there;
        }

        var kubelet = Volatile.Read(ref _kubelets);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var service = new DevicePluginService(_devices, _health, _count, ended.Token);
        await using var server = await UnixSocketServer.StartAsync([.. _devices.Keys], service, _loggers, cancellationToken);
        try
        {
            await RegisterAsync(cancellationToken);
            registered();
            await _noticed.UntilAsync(() => Volatile.Read(ref _kubelets) != kubelet || !_devices.Keys.All(File.Exists), cancellationToken);
            LogAgain(_logger);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        using var channel = UnixSocketChannel.Open(KubeletSocket);
        var kubelet = new Registration.RegistrationClient(channel);
        foreach (var device in _devices.Values)
        {
            var request = new RegisterRequest
            {
                Version = DevicePluginApi.Version,
                Endpoint = device.Socket,
                ResourceName = device.Resource,
                Options = new DevicePluginOptions(),
            };
            await kubelet.RegisterAsync(request, deadline: _time.GetUtcNow().UtcDateTime + CallDeadline, cancellationToken: cancellationToken);
        }

        LogRegistered(_logger, string.Join(", ", _devices.Values.Select(device => device.Resource)), _count);
    }

    private FileSystemWatcher Watch()
    {
        var watcher = new FileSystemWatcher(_folder) { NotifyFilter = NotifyFilters.FileName };
        watcher.Created += (_, e) => Notice(e.Name);
        watcher.Renamed += (_, e) => Notice(e.Name);
        watcher.Deleted += (_, _) => _noticed.Raise();
        // Notices were lost; the kubelet's may have been among them.
        watcher.Error += (_, _) => Notice(DevicePluginApi.KubeletSocket);
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    private void Notice(string? name)
    {
        if (name == DevicePluginApi.KubeletSocket)
        {
            Interlocked.Increment(ref _kubelets);
        }

        _noticed.Raise();
    }

    [LoggerMessage(461, LogLevel.Information, "Offered to the kubelet, {Count} times each: {Resources}")]
    private static partial void LogRegistered(ILogger logger, string resources, int count);

    [LoggerMessage(462, LogLevel.Information, "The kubelet was started again; offering the devices anew")]
    private static partial void LogAgain(ILogger logger);

    [LoggerMessage(463, LogLevel.Warning, "No kubelet at {Socket} yet; until there is one the node offers no devices and no guest can start (is --kubelet-root right?)")]
    private static partial void LogWaiting(ILogger logger, string socket);

    [LoggerMessage(464, LogLevel.Warning, "Devices could not be offered in {Folder}: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, string folder, string error);
}
