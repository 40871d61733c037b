using Godwit.LocalCluster.Objects;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>The runs of one pod's containers: what is on disk, kept in memory while the pod is looked after.</summary>
internal sealed partial class PodRuns(KubeletServices services, IEnumerable<ContainerRecord> records)
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

    /// <summary>Notes ends, and takes away the runtime's state of what has ended, and all of what was made and never let run: that is made anew.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        foreach (var run in _runs.Values.ToList())
        {
            if (services.Runtime.NeverRan(run))
            {
                LogNeverRan(services.Logger, run.Namespace, run.Pod, run.Name);
                await services.Runtime.DeleteAsync(run.Id, cancellation);
                await services.Roots.RemoveAsync(run.Id, cancellation);
                Forget(run);
                continue;
            }
            var now = services.Runtime.Refresh(run);
            if (now is { IsFinished: true, IsCleaned: false })
            {
                await services.Runtime.DeleteAsync(now.Id, cancellation);
                await services.Roots.RemoveAsync(now.Id, cancellation);
                now = now with { IsCleaned = true };
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

    [LoggerMessage(301, LogLevel.Information, "Pod {Namespace}/{Name}: container {Container} was made and never let run, as the kubelet was ended in between; it is made anew")]
    private static partial void LogNeverRan(ILogger logger, string @namespace, string name, string container);
}
