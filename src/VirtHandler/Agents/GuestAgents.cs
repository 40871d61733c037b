using System.Collections.Concurrent;
using System.Net.Sockets;
using Godwit.Qemu;
using Godwit.VirtHandler.Host;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Agents;

/// <summary>Asks the agents inside this node's guests, each only now and then: a guest may be slow to answer, or never do.</summary>
public sealed partial class GuestAgents(ILogger logger, TimeProvider time)
{
    /// <summary>Short, because a reconciler waits for it.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, (AgentReport Report, long At)> _known = new(StringComparer.Ordinal);

    /// <summary>What is told of a guest is no older than this.</summary>
    public static TimeSpan Period { get; } = TimeSpan.FromMinutes(1);

    /// <summary>What the agent of that pod's guest tells, or told a moment ago.</summary>
    public async Task<AgentReport> ReportAsync(PodPlace place, CancellationToken cancellationToken)
    {
        var before = _known.GetValueOrDefault(place.PodUid);
        if (before.Report is not null && time.GetElapsedTime(before.At) < Period)
        {
            return before.Report;
        }

        var report = await AskAsync(place, cancellationToken) ?? before.Report ?? AgentReport.Empty;
        _known[place.PodUid] = (report, time.GetTimestamp());
        return report;
    }

    /// <summary>What was told last, without asking.</summary>
    public AgentReport Last(string podUid) => _known.GetValueOrDefault(podUid).Report ?? AgentReport.Empty;

    /// <summary>A channel that was closed: the next agent may be another.</summary>
    public void Forget(string podUid) => _known.TryRemove(podUid, out _);

    public void KeepOnly(IReadOnlySet<string> podUids)
    {
        foreach (var gone in _known.Keys.Where(uid => !podUids.Contains(uid)))
        {
            Forget(gone);
        }
    }

    private async Task<AgentReport?> AskAsync(PodPlace place, CancellationToken cancellationToken)
    {
        try
        {
            await using var agent = await GuestAgentClient.ConnectAsync(
                place.Folder, DomainFolder.AgentSocket, new GuestAgentOptions { Time = time, Deadline = Deadline }, cancellationToken);
            return new(
                await TryAsync(() => agent.OsInfoAsync(cancellationToken)),
                await TryAsync(() => agent.InterfacesAsync(cancellationToken)) ?? []);
        }
        catch (Exception e) when (e is SocketException or IOException or GuestAgentUnavailableException)
        {
            LogSilent(logger, place.PodUid, e.Message);
            return null;
        }
    }

    /// <summary>Agents may be configured to refuse single commands.</summary>
    private static async Task<T?> TryAsync<T>(Func<Task<T>> question)
        where T : class
    {
        try
        {
            return await question();
        }
        catch (QmpException)
        {
            return null;
        }
    }

    [LoggerMessage(470, LogLevel.Debug, "The guest agent of pod {PodUid} gave no answer: {Error}")]
    private static partial void LogSilent(ILogger logger, string podUid, string error);
}
