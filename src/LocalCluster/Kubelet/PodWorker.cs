using System.Threading.Channels;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Looks after one pod, from its first sight to the last file: gathers facts, has <see cref="PodDecision"/> decide, applies the
/// plan, tells the API. Everything happens on its one loop; others only wake it.
/// </summary>
internal sealed partial class PodWorker : IAsyncDisposable
{
    /// <summary>A pod that was taken from the API without its grace still gets this to end.</summary>
    private static readonly TimeSpan GoneGrace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LookAfterKill = TimeSpan.FromMilliseconds(100);

    private readonly KubeletServices _services;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly PodRuns _runs;
    private readonly PodStatusWriter _status;
    private readonly PodApplier _applier;
    private readonly Backoff _failures = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    private volatile Pod _pod;
    private DateTimeOffset? _goneAt;
    private bool _released;

    public PodWorker(KubeletServices services, Pod pod, IEnumerable<ContainerRecord> records)
    {
        _services = services;
        _pod = pod;
        _runs = new PodRuns(services, records);
        _status = new PodStatusWriter(services);
        _applier = new PodApplier(services, _runs, Wake);
    }

    public string Uid => _pod.Metadata.Uid;

    public NamespacedName Key => new(_pod.Metadata.Namespace ?? "", _pod.Metadata.Name);

    public void Update(Pod pod)
    {
        _pod = pod;
        Wake();
    }

    /// <summary>The API has the pod no more.</summary>
    public void Gone()
    {
        _goneAt ??= _services.Time.GetUtcNow();
        Wake();
    }

    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Runs until nothing of the pod is left, or until cancelled (what runs then goes on running).</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                TimeSpan wait;
                try
                {
                    if (await SyncAsync(cancellation) is not { } next)
                    {
                        return;
                    }
                    wait = next;
                    _failures.Reset();
                }
                catch (Exception e) when (!cancellation.IsCancellationRequested)
                {
                    LogFailed(_services.Logger, _pod.Metadata.Namespace, _pod.Metadata.Name, e.Message, e is ApiException or HostToolException ? null : e);
                    wait = _failures.Next();
                }
                await WaitAsync(wait, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The kubelet ends; its pods go on.
        }
    }

    public ValueTask DisposeAsync() => _applier.DisposeAsync();

    /// <summary>One round. Returns how long nothing needs to be done, or null when the pod is no more.</summary>
    private async Task<TimeSpan?> SyncAsync(CancellationToken cancellation)
    {
        await _runs.RefreshAsync(cancellation);
        var facts = Gather();
        var plan = PodDecision.Decide(facts);
        if (plan.Starts.Count > 0)
        {
            await _applier.StartAsync(facts, plan.Starts, cancellation);
        }
        foreach (var stop in plan.Stops)
        {
            await _applier.StopAsync(facts, stop, cancellation);
        }
        if ((plan.Release || plan.Remove) && !_released)
        {
            await ReleaseAsync(cancellation);
        }
        if (plan.Starts.Count == 0 && plan.Stops.Count == 0)
        {
            await _applier.MaintainAsync(facts, cancellation);
        }
        // After the actions, so that the first status that says "Running" does so at once.
        facts = Gather();
        plan = PodDecision.Decide(facts);
        if (!facts.IsGone)
        {
            await _status.WriteAsync(facts, plan, cancellation);
        }
        if (plan.Remove)
        {
            await RemoveAsync(facts, cancellation);
            return null;
        }
        var wait = (plan.WakeAt ?? DateTimeOffset.MaxValue) - facts.Now;
        if (plan.Stops.Count > 0 && wait < LookAfterKill)
        {
            // Killed, but conmon has not told the end yet; when it does we are woken.
            wait = LookAfterKill;
        }
        return wait < _services.Options.Resync ? wait : _services.Options.Resync;
    }

    private PodFacts Gather()
    {
        var pod = _pod;
        var now = _services.Time.GetUtcNow();
        return new PodFacts
        {
            Pod = pod,
            Latest = _runs.Latest(),
            Previous = _runs.Previous(),
            Troubles = _applier.Troubles,
            Probes = _applier.Probes(),
            Sandbox = _services.Sandboxes.Find(pod.Metadata.Uid),
            IsGone = _goneAt is not null,
            StartTime = _status.StartTime(pod, now),
            KillAt = KillAt(pod),
            Now = now,
        };
    }

    /// <summary>
    /// The API sets the deletion time to the end of the grace period, and a second, shorter deletion moves it; a pod that was
    /// taken away at once gets a moment.
    /// </summary>
    private DateTimeOffset? KillAt(Pod pod)
    {
        // The time comes in whole seconds, cut off: rounded up, so that nobody gets less than was promised.
        var announced = pod.Metadata.DeletionTimestamp + TimeSpan.FromSeconds(1);
        var gone = _goneAt + GoneGrace;
        return (announced, gone) switch
        {
            ({ } a, { } g) => a < g ? a : g,
            _ => announced ?? gone,
        };
    }

    private async Task ReleaseAsync(CancellationToken cancellation)
    {
        await _applier.EndProbesAsync();
        await _services.Sandboxes.RemoveAsync(Uid, cancellation);
        await _services.Volumes.TearDownAsync(Uid, cancellation);
        _services.Devices.Release(Uid);
        _released = true;
    }

    private async Task RemoveAsync(PodFacts facts, CancellationToken cancellation)
    {
        _services.Volumes.Remove(Uid);
        _runs.RemoveAll(facts.Pod);
        if (facts.IsGone)
        {
            return;
        }
        await _services.Api.TryDeleteAsync(
            NodeKinds.Pod, new(facts.Pod.Metadata.Namespace!, facts.Pod.Metadata.Name), new DeleteOptions { GracePeriodSeconds = 0, Uid = Uid }, cancellation);
    }

    private async Task WaitAsync(TimeSpan time, CancellationToken cancellation)
    {
        if (time > TimeSpan.Zero)
        {
            using var pause = new CancellationTokenSource(time, _services.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, cancellation);
            try
            {
                await _wake.Reader.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Nobody woke us: it is time.
            }
        }
        cancellation.ThrowIfCancellationRequested();
    }

    [LoggerMessage(300, LogLevel.Warning, "Pod {Namespace}/{Name}: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, string? @namespace, string name, string error, Exception? exception);
}
