using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Devices;

/// <summary>Sees device nodes come and go, by inotify on the folders that they lie in.</summary>
internal sealed partial class DeviceWatch(IReadOnlyList<NodeDevice> devices, DeviceHealth health, ILogger logger, TimeProvider time)
{
    /// <summary>What a lost notice costs at most.</summary>
    private static readonly TimeSpan SlowLook = TimeSpan.FromMinutes(1);

    private readonly ChangeSignal _noticed = new();

    /// <summary>Looks at once, then whenever something changes, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // A folder that is missing, as /dev/net before its module is loaded, is waited for in the one that it will be in.
            var folders = Folders();
            var watchers = folders.Select(Watch).ToList();
            try
            {
                do
                {
                    var next = _noticed.Next;
                    Look();
                    await Task.WhenAny(next, Task.Delay(SlowLook, time, cancellationToken));
                    cancellationToken.ThrowIfCancellationRequested();
                }
                while (Folders().SequenceEqual(folders, StringComparer.Ordinal));
            }
            finally
            {
                watchers.ForEach(watcher => watcher.Dispose());
            }
        }
    }

    private void Look()
    {
        foreach (var device in devices)
        {
            var present = File.Exists(device.Path);
            if (health.Saw(device, present))
            {
                LogSeen(logger, device.Path, present ? "there" : "missing", device.Resource);
            }
        }
    }

    private string[] Folders() => [.. devices.Select(device => Existing(device.Path)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static string Existing(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        return Directory.Exists(folder) ? folder : Existing(folder);
    }

    private FileSystemWatcher Watch(string folder)
    {
        var watcher = new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName };
        watcher.Created += (_, _) => _noticed.Raise();
        watcher.Deleted += (_, _) => _noticed.Raise();
        watcher.Renamed += (_, _) => _noticed.Raise();
        watcher.Error += (_, _) => _noticed.Raise();
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    [LoggerMessage(460, LogLevel.Information, "{Path} is {State}; it is behind {Resource}")]
    private static partial void LogSeen(ILogger logger, string path, string state, string resource);
}
