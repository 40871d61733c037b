using System.Text;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Gives out the logs of all nodes of one state folder. It reads files only: which run of a container is meant, and whether it
/// still runs, is in the records that the kubelets keep beside them.
/// </summary>
public sealed class PodLogs(string clusterName, string stateDirectory, TimeProvider time) : IPodLogs
{
    /// <summary>A growing file is told by inotify; this is only the net under it (a rotated file, a lost notice).</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    public async Task CopyAsync(PodLogRequest request, Stream output, CancellationToken cancellation)
    {
        var paths = new KubeletPaths(clusterName, stateDirectory, request.Node);
        var record = Find(paths, request);
        var filter = new LogFilter(request, output);
        var from = Start(record.LogPath, request);
        if (!request.Follow)
        {
            await using var whole = await TailAsync(record.LogPath, from, filter, cancellation);
            await filter.EndAsync(cancellation);
            return;
        }
        await FollowAsync(paths, record, from, filter, cancellation);
    }

    private static ContainerRecord Find(KubeletPaths paths, PodLogRequest request)
    {
        var runs = RecordsOf(paths, request).OrderByDescending(r => r.Attempt).ToList();
        if (request.Previous)
        {
            var current = runs.FirstOrDefault();
            return runs.Skip(1).FirstOrDefault(r => r.Attempt < current!.Attempt)
                ?? throw new PodLogException($"previous terminated container \"{request.Container}\" in pod \"{request.Pod}\" not found");
        }
        return runs.FirstOrDefault(r => r.StartedAt is not null)
            ?? throw new PodLogException($"container \"{request.Container}\" in pod \"{request.Pod}\" is waiting to start: ContainerCreating");
    }

    private static IEnumerable<ContainerRecord> RecordsOf(KubeletPaths paths, PodLogRequest request)
    {
        for (var attempt = 0; ; attempt++)
        {
            // IDs follow from pod, name and run; old runs are removed from the lowest number on, so a gap is only at the start.
            var id = ContainerId.Of(request.PodUid, request.Container, attempt);
            var record = StateFile.TryRead(Path.Combine(paths.Container(id), "record.json"), KubeletJson.Default.ContainerRecord);
            if (record is not null)
            {
                yield return record;
            }
            else if (attempt > ContainerId.LastAttempt(paths, request.PodUid, request.Container))
            {
                yield break;
            }
        }
    }

    /// <summary>Where to begin, so that the asked number of lines follows; read backwards in blocks.</summary>
    private static long Start(string path, PodLogRequest request)
    {
        if (request.TailLines is not { } lines || !File.Exists(path))
        {
            return 0;
        }
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[32 * 1024];
        var position = file.Length;
        var seen = 0L;
        while (position > 0)
        {
            var size = (int)Math.Min(buffer.Length, position);
            position -= size;
            file.Position = position;
            file.ReadExactly(buffer, 0, size);
            for (var i = size - 1; i >= 0; i--)
            {
                // The newline at the very end closes the last line; it does not begin one.
                if (buffer[i] == '\n' && position + i + 1 < file.Length && IsLineEnd(file, position + i) && ++seen >= lines)
                {
                    return position + i + 1;
                }
            }
        }
        return lines == 0 ? file.Length : 0;
    }

    /// <summary>A partial line (tag P) goes on in the next: only full ones count.</summary>
    private static bool IsLineEnd(FileStream file, long newline)
    {
        var back = file.Position;
        var buffer = new byte[Math.Min(newline, 64)];
        file.Position = LineStart(file, newline);
        var n = file.Read(buffer, 0, buffer.Length);
        file.Position = back;
        return CriLogLine.TryParse(Encoding.UTF8.GetString(buffer, 0, n).Split('\n')[0]) is not { IsFull: false };
    }

    private static long LineStart(FileStream file, long newline)
    {
        var position = newline;
        Span<byte> one = stackalloc byte[1];
        while (position > 0)
        {
            file.Position = position - 1;
            file.ReadExactly(one);
            if (one[0] == '\n')
            {
                break;
            }
            position--;
        }
        return position;
    }

    private static async Task<FileStream?> TailAsync(string path, long from, LogFilter filter, CancellationToken cancellation)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        file.Position = Math.Min(from, file.Length);
        await filter.DrainAsync(file, cancellation);
        return file;
    }

    private async Task FollowAsync(KubeletPaths paths, ContainerRecord record, long from, LogFilter filter, CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(record.LogPath)!;
        using var changed = new SemaphoreSlim(0, 1);
        using var watcher = new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.FileName | NotifyFilters.Size };
        void Wake()
        {
            try
            {
                changed.Release();
            }
            catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
            {
                // Already told, or nobody waits any more.
            }
        }
        watcher.Changed += (_, _) => Wake();
        watcher.Created += (_, _) => Wake();
        watcher.Renamed += (_, _) => Wake();
        watcher.EnableRaisingEvents = true;
        var file = await TailAsync(record.LogPath, from, filter, cancellation);
        try
        {
            while (!filter.IsFull)
            {
                // Ended before the last read: then that read saw everything.
                var ended = HasEnded(paths, record);
                if (file is null)
                {
                    file = await TailAsync(record.LogPath, 0, filter, cancellation);
                }
                else
                {
                    // Looked at before the reading: of a file that has been replaced by then, nothing comes after what is read.
                    var isOver = IsReplaced(file);
                    await filter.DrainAsync(file, cancellation);
                    if (isOver)
                    {
                        // Full: the runtime has put a new file in its place, which begins at 0.
                        await file.DisposeAsync();
                        file = await TailAsync(record.LogPath, 0, filter, cancellation);
                    }
                }
                if (ended)
                {
                    break;
                }
                using var pause = new CancellationTokenSource(LookAgain, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, cancellation);
                try
                {
                    await changed.WaitAsync(either.Token);
                }
                catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
                {
                    // Nothing was told: look all the same.
                }
            }
            await filter.EndAsync(cancellation);
        }
        finally
        {
            if (file is not null)
            {
                await file.DisposeAsync();
            }
        }
    }

    /// <summary>Whether another file stands under the name that this one was opened by: Linux says so of the handle.</summary>
    private static bool IsReplaced(FileStream file) =>
        new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}").LinkTarget?.EndsWith(" (deleted)", StringComparison.Ordinal) == true;

    private static bool HasEnded(KubeletPaths paths, ContainerRecord record) =>
        File.Exists(Path.Combine(paths.Exits, record.Id))
        || StateFile.TryRead(Path.Combine(paths.Container(record.Id), "record.json"), KubeletJson.Default.ContainerRecord) is null or { IsFinished: true };
}
