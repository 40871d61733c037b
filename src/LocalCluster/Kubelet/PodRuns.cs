using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>The runs of one pod's containers: what is on disk, kept in memory while the pod is looked after.</summary>
internal sealed class PodRuns(KubeletServices services, IEnumerable<ContainerRecord> records)
{
    /// <summary>Besides the newest, so many ended runs of a container are kept for their logs.</summary>
    private const int Kept = 1;

    private readonly Dictionary<string, ContainerRecord> _runs = records.ToDictionary(r => r.Id, StringComparer.Ordinal);

    public IReadOnlyDictionary<string, ContainerRecord> Latest() => Ranked(0);

    public IReadOnlyDictionary<string, ContainerRecord> Previous() => Ranked(1);

    public void Put(ContainerRecord run)
    {
        services.Runtime.Save(run);
        _runs[run.Id] = run;
    }

    /// <summary>Notes ends, and takes away the runtime's state of what has ended.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        foreach (var run in _runs.Values.ToList())
        {
            var now = services.Runtime.Refresh(run);
            if (now is { IsFinished: true, IsCleaned: false })
            {
                await services.Runtime.DeleteAsync(now.Id, cancellation);
                await services.Roots.RemoveAsync(now.Id, cancellation);
                now = now with { IsCleaned = true };
                services.Runtime.Save(now);
            }
            else if (now.StartedAt is null && !ReferenceEquals(now, run))
            {
                services.Runtime.Save(now);
            }
            _runs[run.Id] = now;
        }
        foreach (var old in _runs.Values.GroupBy(r => r.Name).SelectMany(g => g.OrderByDescending(r => r.Attempt).Skip(1 + Kept)).ToList())
        {
            File.Delete(old.LogPath);
            Forget(old);
        }
    }

    /// <summary>Everything of the pod on disk goes: records and logs.</summary>
    public void RemoveAll(Pod pod)
    {
        foreach (var run in _runs.Values.ToList())
        {
            Forget(run);
        }
        if (Directory.Exists(services.Paths.Logs))
        {
            foreach (var folder in Directory.EnumerateDirectories(services.Paths.Logs, $"*_{pod.Metadata.Uid}"))
            {
                StateFile.DeleteFolder(folder);
            }
        }
    }

    private void Forget(ContainerRecord run)
    {
        StateFile.DeleteFolder(services.Paths.Container(run.Id));
        File.Delete(Path.Combine(services.Paths.Exits, run.Id));
        _runs.Remove(run.Id);
    }

    private Dictionary<string, ContainerRecord> Ranked(int rank) => _runs.Values
        .GroupBy(r => r.Name, StringComparer.Ordinal)
        .Select(g => g.OrderByDescending(r => r.Attempt).ElementAtOrDefault(rank))
        .OfType<ContainerRecord>()
        .ToDictionary(r => r.Name, StringComparer.Ordinal);
}
