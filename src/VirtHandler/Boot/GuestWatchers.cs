using System.Net.Sockets;
using System.Threading.Channels;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.VirtHandler.Host;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Boot;

/// <summary>
/// Listens to the watch monitor of every QEMU on the node, one connection a pod, and asks for a look at the VMI when its guest
/// changes. It keeps nothing that QEMU could not be asked again.
/// </summary>
public sealed partial class GuestWatchers(Action<NamespacedName> changed, QmpClientOptions monitors, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(30);

    /// <summary>While a migration is under way its agent asks the same QEMU, for which the guest may be standing still: this can wait.</summary>
    private static readonly TimeSpan OutOfTheWay = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a question may wait for QEMU; a look at the VMI waits with it.</summary>
    private static readonly TimeSpan LookDeadline = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(1);
    private readonly Channel<GuestWatch> _starts = Channel.CreateUnbounded<GuestWatch>();
    private readonly Dictionary<string, GuestWatch> _watches = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>The guest of that pod as last heard; null while there is no word from a QEMU. Starts to listen when nobody does.</summary>
    public GuestState? Ensure(PodPlace place, NamespacedName vmi)
    {
        lock (_lock)
        {
            if (!_watches.TryGetValue(place.PodUid, out var watch))
            {
                _watches[place.PodUid] = watch = new GuestWatch(place, vmi);
                _starts.Writer.TryWrite(watch);
            }

            return watch.State;
        }
    }

    /// <summary>
    /// The guest of that pod as QEMU answers a question asked after this call: what was last heard may be older than a change that
    /// the record already tells. Null: nobody listens to that pod, or QEMU does not answer within a second.
    /// </summary>
    public async Task<GuestState?> LookAsync(PodPlace place, CancellationToken cancellationToken)
    {
        Task<GuestState?> answer;
        lock (_lock)
        {
            if (!_watches.TryGetValue(place.PodUid, out var watch))
            {
                return null;
            }

            answer = watch.Ask();
        }

        try
        {
            return await answer.WaitAsync(LookDeadline, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Stops listening to pods that are not in <paramref name="podUids"/>.</summary>
    public void KeepOnly(IReadOnlySet<string> podUids)
    {
        lock (_lock)
        {
            foreach (var watch in _watches.Values.Where(watch => !podUids.Contains(watch.Place.PodUid)).ToList())
            {
                _watches.Remove(watch.Place.PodUid);
                watch.Stop.Cancel();
            }
        }
    }

    /// <summary>Carries the watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        try
        {
            await foreach (var watch in _starts.Reader.ReadAllAsync(cancellationToken))
            {
                running.RemoveAll(task => task.IsCompletedSuccessfully);
                running.Add(FollowAsync(watch, cancellationToken));
                if (running.Find(task => task.IsFaulted) is { } failed)
                {
                    await failed;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(running);
        }
    }

    private async Task FollowAsync(GuestWatch watch, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Stop.Token);
        var retry = FirstRetry;
        try
        {
            while (LauncherStatus.Read(watch.Place.Folder) is not { Reason: not null })
            {
                try
                {
                    await using var qmp = await QmpClient.ConnectAsync(watch.Place.Folder, DomainFolder.WatchSocket, monitors, stop.Token);
                    retry = FirstRetry;
                    await ListenAsync(watch, qmp, stop.Token);
                }
                catch (Exception e) when (e is SocketException or IOException or QmpUnavailableException or QmpException)
                {
                    Report(watch, null);
                    LogNoMonitor(logger, watch.Vmi, watch.Place.PodUid, e.Message);
                }

                await Task.Delay(retry, time, stop.Token);
                retry = TimeSpan.FromTicks(Math.Min(retry.Ticks * 2, LastRetry.Ticks));
            }

            Report(watch, null);
            changed(watch.Vmi);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The pod is gone, or the agent stops.
        }
    }

    private async Task ListenAsync(GuestWatch watch, QmpClient qmp, CancellationToken cancellationToken)
    {
        bool? agent = null;
        long seen = 0;
        while (!qmp.Closed.IsCompleted)
        {
            var position = qmp.Events.Position;
            var (asked, wake) = TakeQuestion(watch);
            GuestState? answer = null;
            try
            {
                agent = agent is { } before ? AgentChannel.After(qmp.Events.Since(seen), before) : await AgentChannel.IsOpenAsync(qmp, cancellationToken);
                seen = position;
                var status = await qmp.QueryStatusAsync(cancellationToken);
                answer = new GuestState(status.Status, status.Running, agent.Value);
                Report(watch, answer);
            }
            catch (QmpUnavailableException e) when (e.TimedOut)
            {
                // A blocked main loop is a matter of the migration code; what was last heard stays.
                LogSilent(logger, watch.Vmi, watch.Place.PodUid);
            }
            finally
            {
                asked?.TrySetResult(answer);
            }

            await Task.WhenAny(qmp.Events.ChangedAsync(position), wake, qmp.Closed, Task.Delay(Poll, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
            if (GuestState.IsMoving(qmp.Events.Since(0), position))
            {
                await Task.WhenAny(qmp.Closed, Task.Delay(OutOfTheWay, time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        Report(watch, null);
    }

    private (TaskCompletionSource<GuestState?>? Asked, Task Wake) TakeQuestion(GuestWatch watch)
    {
        lock (_lock)
        {
            return watch.Take();
        }
    }

    private void Report(GuestWatch watch, GuestState? state)
    {
        lock (_lock)
        {
            if (watch.State == state)
            {
                return;
            }

            watch.State = state;
        }

        changed(watch.Vmi);
    }

    [LoggerMessage(400, LogLevel.Debug, "No monitor of {Vmi} (pod {PodUid}): {Error}")]
    private static partial void LogNoMonitor(ILogger logger, NamespacedName vmi, string podUid, string error);

    [LoggerMessage(401, LogLevel.Warning, "QEMU of {Vmi} (pod {PodUid}) does not answer")]
    private static partial void LogSilent(ILogger logger, NamespacedName vmi, string podUid);
}
