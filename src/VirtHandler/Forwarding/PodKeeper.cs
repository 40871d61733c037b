using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Looks after one pod's tunnels until it has none: gathers, lets <see cref="ForwarderDecision"/> and <see cref="LinkDecision"/> decide, applies.</summary>
internal sealed partial class PodKeeper(Forwarders node, ForwardingTools tools, string podUid, string folder, NamespacedName vmiKey)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefuseFor = TimeSpan.FromSeconds(3);

    /// <summary>Counts are written no more often than this, for their own sake.</summary>
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(5);

    /// <summary>To list a pod's flows, the kernel goes through those of all pods: some milliseconds on a node that is busy.</summary>
    private static readonly TimeSpan CountPeriod = TimeSpan.FromSeconds(3);
    private const int NamedFlows = 5;
    private readonly ChangeSignal _changed = new();
    private readonly LinkWatch _links = new(tools);
    private readonly ForwarderTime _time = new(tools.Time);
    private Task? _work;
    private PodTunnels? _pod;
    private DateTimeOffset? _drainedSince;
    private IReadOnlyList<ConntrackEntry> _flows = [];
    private Handover? _follow;
    private string? _followProblem;
    private MigrationForwarding? _reported;
    private long _reportedAt;
    private long? _counted;
    private long _bytesBefore;
    private bool _over;

    public bool IsAbout(VirtualMachineInstance vmi) => vmi.Metadata.Name == vmiKey.Name && vmi.Metadata.Namespace == vmiKey.Namespace;

    public void Wake() => _changed.Raise();

    /// <summary>Begins; <paramref name="done"/> is told whether it came to its end or broke off.</summary>
    public void Start(Action<bool> done, CancellationToken cancellationToken) => _work = Task.Run(
        async () =>
        {
            var well = false;
            try
            {
                await LoopAsync(cancellationToken);
                well = true;
            }
            finally
            {
                await EndFollowAsync();
                done(well);
            }
        },
        CancellationToken.None);

    public Task StopAsync() => (_work ?? Task.CompletedTask).ContinueWith(static _ => { }, TaskScheduler.Default);

    private async Task LoopAsync(CancellationToken cancellationToken)
    {
        while (node.PodOf(podUid) is { } pod && ForwardingState.IsIn(folder))
        {
            var changed = _changed.Next;
            try
            {
                if (await LookAsync(pod, cancellationToken))
                {
                    continue;
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it was: the facts are where they were, and the next look starts from them. But with a pod its network goes.
                if (node.PodOf(podUid) is not null)
                {
                    LogProblem(tools.Logger, vmiKey, podUid, e.Message);
                }
            }

            await Task.WhenAny(changed, Task.Delay(Period, tools.Time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (!_over && node.PodOf(podUid) is null)
        {
            // Removed so soon after its end that no look was between.
            LogGone(tools.Logger, vmiKey, podUid);
        }
    }

    /// <summary>One look; true when something was done and the next look is due at once.</summary>
    private async Task<bool> LookAsync(Pod pod, CancellationToken cancellationToken)
    {
        if (pod.IsFinished())
        {
            // Its network went with its last process, and all that was in it; that a tunnel was there need not be known any more.
            new ForwardingState().Write(folder);
            LogGone(tools.Logger, vmiKey, podUid);
            _over = true;
            return true;
        }

        if (_pod is null)
        {
            if (await node.LauncherOfAsync(podUid, cancellationToken) is not { } launcher)
            {
                return false;
            }

            _pod = tools.Of(podUid, folder, launcher);
        }

        var vmi = node.VmiOf(vmiKey);
        await _links.LookAsync(_pod, vmi, node.RecordOf(vmiKey), cancellationToken);
        if (_pod.State.Outgoing.Count == 0 && _pod.State.Terms is null)
        {
            return false;
        }

        // Looked up after the tunnels, and anew, for the look at the links took a while: whoever opens a tunnel has seen its migration in the record.
        var state = _pod.State;
        vmi = node.VmiOf(vmiKey);
        var facts = Gather(state, _pod, pod, vmi);
        var plan = ForwarderDecision.Decide(facts);
        switch (plan.Action)
        {
            case ForwarderAction.Remove:
                LogPlan(tools.Logger, vmiKey, podUid, plan.Action, plan.Reason);
                _pod.TurnBack(plan.Tunnel!);
                await _pod.RemoveOutgoingAsync(plan.Tunnel!, cancellationToken);
                await EndFollowAsync();
                return true;
            case ForwarderAction.Turn:
                LogPlan(tools.Logger, vmiKey, podUid, plan.Action, plan.Reason);
                await TurnAsync(_pod, plan.Tunnel!, cancellationToken);
                return true;
            case ForwarderAction.Follow:
                await FollowAsync(_pod, vmi!, pod, cancellationToken);
                return false;
            case ForwarderAction.End:
                LogPlan(tools.Logger, vmiKey, podUid, plan.Action, plan.Reason);
                await EndAsync(_pod, facts, plan.Reason, vmi, cancellationToken);
                return true;
            default:
                await ReportAsync(facts, vmi, cancellationToken);
                return false;
        }
    }

    private ForwarderFacts Gather(ForwardingState state, PodTunnels tunnels, Pod pod, VirtualMachineInstance? vmi)
    {
        var migration = vmi?.Migration();
        var now = _time.Now(state.Terms);
        _drainedSince = node.IsDrained() ? _drainedSince ?? now : null;
        // None is never believed for longer than a look: it is what ends the forwarder.
        if (state.Terms is not null && state.Outgoing is [var used, ..]
            && (_counted is not { } last || tools.Time.GetElapsedTime(last) >= CountPeriod || FlowCount.Left(_flows, ForwardingNames.MarkMask) == 0))
        {
            _flows = tunnels.Flows(used.GuestAddress);
            _counted = tools.Time.GetTimestamp();
        }

        return new ForwarderFacts
        {
            PodUid = podUid,
            Now = now,
            Terms = state.Terms,
            Outgoing = state.Outgoing,
            GuestGone = vmi is null || vmi.IsDeleting() || vmi.IsFinal() || (state.Terms is { } terms && vmi.Metadata.Uid != terms.VmiUid),
            OwnerPodUid = vmi?.Status?.OwnerPodUID,
            MigrationUid = migration?.MigrationUid,
            MigrationFailed = migration?.Failed == true,
            MovesOn = migration?.MigrationUid != _followProblem && ForwarderDecision.MayFollow(migration, state.Outgoing, tools.Time.GetUtcNow()),
            Flows = FlowCount.Left(_flows, ForwardingNames.MarkMask),
            HasPredecessors = state.Incoming.Count > 0,
            DrainedSince = _drainedSince,
            PodEnds = _time.EndOf(pod.Metadata, now),
        };
    }

    private async Task FollowAsync(PodTunnels tunnels, VirtualMachineInstance vmi, Pod pod, CancellationToken cancellationToken)
    {
        var state = vmi.Migration()!;
        var uid = state.MigrationUid!;
        if (ForwardingSettings.For(vmi, state) is null)
        {
            _followProblem = uid;
            return;
        }

        var record = node.RecordOf(vmiKey);
        var target = await record.PodEndAsync(state.TargetPod ?? "", cancellationToken);
        var credentials = state.UsesTls() ? await record.CredentialsAsync(uid, cancellationToken) : null;
        if (target is null || (credentials is null && state.UsesTls()))
        {
            return;
        }

        var used = tunnels.State.Outgoing[0];
        var hello = new HandoverHello
        {
            MigrationUid = uid,
            Pod = pod.Metadata.Name!,
            PodUid = podUid,
            PodIp = used.SourceIp,
            Mac = Handover.NewMac(),
            Mark = used.Mark,
            Guest = used.Guest,
            Mtu = used.Mtu,
            Avoid = [.. tunnels.State.Outgoing.Concat(tunnels.State.Incoming).Select(t => t.Probe)],
        };
        await EndFollowAsync();
        _follow = await Handover.OpenAsync(tunnels, hello, target.Ip, state.TargetPodUID ?? "", credentials, earlier: null, static _ => { }, tools.Time, cancellationToken);
        LogFollows(tools.Logger, vmiKey, podUid, target.Ip);
    }

    private async Task TurnAsync(PodTunnels tunnels, Tunnel to, CancellationToken cancellationToken)
    {
        tunnels.TurnTo(to);
        foreach (var old in tunnels.State.Outgoing.Where(t => t.OutgoingDevice != to.OutgoingDevice).ToList())
        {
            _bytesBefore += tunnels.Bytes(old.OutgoingDevice) ?? 0;
            await tunnels.RemoveOutgoingAsync(old, cancellationToken);
        }

        await EndFollowAsync();
    }

    private async Task EndFollowAsync()
    {
        if (_follow is { } follow)
        {
            _follow = null;
            await follow.DisposeAsync();
        }
    }

    private async Task EndAsync(PodTunnels tunnels, ForwarderFacts facts, string reason, VirtualMachineInstance? vmi, CancellationToken cancellationToken)
    {
        var cut = facts.GuestGone ? 0 : facts.Flows;
        var bytes = Bytes(tunnels);
        if (vmi is not null && !facts.GuestGone)
        {
            await TellEndAsync(
                vmi, facts, new MigrationForwarding { State = MigrationForwarding.Ended, Flows = cut, Bytes = bytes, Since = tools.Time.GetUtcNow(), Reason = reason }, cancellationToken);
        }

        if (cut > 0)
        {
            // Both sides are told at once, instead of finding out by their own time-outs.
            foreach (var tunnel in facts.Outgoing)
            {
                await tunnels.RefuseAsync(tunnel.OutgoingDevice, cancellationToken);
            }

            await Task.Delay(RefuseFor, tools.Time, cancellationToken);
        }

        foreach (var tunnel in facts.Outgoing)
        {
            await tunnels.RemoveOutgoingAsync(tunnel, cancellationToken);
        }

        foreach (var tunnel in tunnels.State.Incoming)
        {
            await tunnels.RemoveIncomingAsync(tunnel, cancellationToken);
        }

        LogEnded(tools.Logger, vmiKey, podUid, reason, cut, bytes);
        _over = true;
        await tunnels.SetTermsAsync(null, cancellationToken);
        File.Delete(Path.Combine(folder, Qemu.DomainFolder.Stay));
    }

    // The end does not wait for the server: after the pod has gone, the controller tells what it knows.
    private async Task TellEndAsync(VirtualMachineInstance vmi, ForwarderFacts facts, MigrationForwarding ended, CancellationToken cancellationToken)
    {
        if (ended.Flows > 0)
        {
            node.RecordOf(vmiKey).Event(
                vmi, EventReasons.Warning, EventReasons.ForwardingEnded,
                $"{ended.Flows} connections to the guest's former address {(facts.Outgoing is [var used, ..] ? used.SourceIp : "")} were cut off: {ended.Reason}. {Named(ended.Flows.Value)}");
        }

        try
        {
            await WriteAsync(vmi, facts.Terms!, ended, cancellationToken);
        }
        catch (ApiException e)
        {
            LogProblem(tools.Logger, vmiKey, podUid, e.Message);
        }
    }

    private string Named(int count)
    {
        var open = _flows.Where(flow => FlowCount.Left([flow], ForwardingNames.MarkMask) == 1).Take(NamedFlows).Select(flow => flow.Tuple.ToString());
        return $"{string.Join(", ", open)}{(count > NamedFlows ? ", ..." : "")}";
    }

    private async Task ReportAsync(ForwarderFacts facts, VirtualMachineInstance? vmi, CancellationToken cancellationToken)
    {
        if (facts.Terms is not { } terms || vmi is null || _pod is null)
        {
            return;
        }

        var now = new MigrationForwarding
        {
            State = MigrationForwarding.Forwarding,
            Flows = facts.Flows,
            Bytes = Bytes(_pod),
            Since = terms.Since,
            Until = terms.Until,
            Reason = terms.Refused,
        };
        if (now == _reported || (_reported is not null && tools.Time.GetElapsedTime(_reportedAt) < ReportPeriod))
        {
            return;
        }

        await WriteAsync(vmi, terms, now, cancellationToken);
        _reported = now;
        _reportedAt = tools.Time.GetTimestamp();
    }

    // The record tells of the last migration only; what an earlier one's pod does then, its end's event tells.
    private async Task WriteAsync(VirtualMachineInstance vmi, ForwarderTerms terms, MigrationForwarding forwarding, CancellationToken cancellationToken)
    {
        if (vmi.IsAbout(terms.MigrationUid))
        {
            await node.RecordOf(vmiKey).PatchAsync(RecordPatches.Forwarding(terms.MigrationUid, forwarding), cancellationToken);
        }
    }

    private long Bytes(PodTunnels tunnels) =>
        _bytesBefore + (tunnels.State.Outgoing is [var used, ..] ? tunnels.Bytes(used.OutgoingDevice) ?? 0 : 0);

    [LoggerMessage(370, LogLevel.Information, "{Vmi}: forwarder pod {PodUid}: {Action}: {Reason}")]
    private static partial void LogPlan(ILogger logger, NamespacedName vmi, string podUid, ForwarderAction action, string reason);

    [LoggerMessage(371, LogLevel.Warning, "{Vmi}: forwarder pod {PodUid}, will be tried again: {Problem}")]
    private static partial void LogProblem(ILogger logger, NamespacedName vmi, string podUid, string problem);

    [LoggerMessage(372, LogLevel.Information, "{Vmi}: forwarder pod {PodUid} has a way to {Target}, where the guest is about to go on to")]
    private static partial void LogFollows(ILogger logger, NamespacedName vmi, string podUid, string target);

    [LoggerMessage(374, LogLevel.Information, "{Vmi}: pod {PodUid} has ended, and its tunnels with it")]
    private static partial void LogGone(ILogger logger, NamespacedName vmi, string podUid);

    [LoggerMessage(373, LogLevel.Information, "{Vmi}: forwarder pod {PodUid} has ended: {Reason}; {Cut} connections cut off, {Bytes} bytes carried")]
    private static partial void LogEnded(ILogger logger, NamespacedName vmi, string podUid, string reason, int cut, long bytes);
}
