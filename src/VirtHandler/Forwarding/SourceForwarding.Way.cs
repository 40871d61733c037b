using System.Net;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Migration;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>The way to the target: opened, kept open, and told of the guest's connections until the guest has gone.</summary>
internal sealed partial class SourceForwarding
{
    private async Task WorkAsync()
    {
        var pause = FirstPause;
        for (var attempt = 1; !_stop.IsCancellationRequested && !_turned; attempt++)
        {
            try
            {
                await KeepOpenAsync(_stop.Token);
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it was, the migration goes on; and the next attempt starts from nothing.
                LogProblem(_tools.Logger, _uid, e.Message);
                Ready();
                if (attempt >= QuietAttempts)
                {
                    _problem = e.Message;
                }
            }

            await Task.WhenAny(_atOnce.Next, Task.Delay(pause, _tools.Time, _stop.Token));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task KeepOpenAsync(CancellationToken cancellationToken)
    {
        var state = _record.Vmi.Migration() ?? throw new MigrationException("the record is not about a migration any more");
        var credentials = state.UsesTls() ? await _record.Record.CredentialsAsync(_uid, cancellationToken) : null;
        if (state.UsesTls() && credentials is null)
        {
            throw new MigrationException("the migration's certificates are not there");
        }

        var target = await _record.Record.PodEndAsync(state.TargetPod ?? "", cancellationToken) ?? throw new MigrationException("the target pod has no address");
        _pod = _tools.Of(_local.Uid, _local.Folder, _launcherPid);
        var incoming = _pod.State.Incoming;
        var earlier = _anew ? null : _pod.State.Outgoing.FirstOrDefault(t => t.MigrationUid == _uid && t.TargetPodUid == state.TargetPodUID && incoming.All(i => i.Mark != t.Mark));
        var mark = earlier?.Mark ?? HandoverRules.FreeMark(incoming);
        if (mark == 0)
        {
            throw new KernelException($"{incoming.Count} pods forward to this one already; that is the limit");
        }

        var uplink = (await _tools.Network.ReadFactsAsync(_launcherPid, cancellationToken)).Uplink
            ?? throw new KernelException($"the pod has no network device {PodWiring.UplinkName}");
        var hello = new HandoverHello
        {
            MigrationUid = _uid,
            Pod = _local.Name,
            PodUid = _local.Uid,
            PodIp = _local.Ip,
            Mac = earlier?.SourceMac ?? Handover.NewMac(),
            Vni = earlier?.Vni ?? 0,
            Probe = earlier?.Probe ?? 0,
            Mark = mark,
            Guest = _settings!.Guest,
            Mtu = uplink.Mtu,
            Predecessors = await Predecessors.StillThereAsync(incoming, pod => _record.Record.PodEndAsync(pod, cancellationToken)),
        };
        // Before the way is opened, which takes a while: handshakes that nobody is told of have ended by then, most of them.
        using var flows = new FlowFollower(_pod, IPAddress.Parse(hello.Guest));
        await using var handover = await Handover.OpenAsync(
            _pod, hello, target.Ip, state.TargetPodUID ?? "", credentials, earlier, Choosing, _tools.Time, cancellationToken);
        var listed = flows.List();
        await UpdateAsync(handover, listed, incoming, cancellationToken);
        OpenDrain(_pod, handover.Tunnel);
        _tunnel = handover.Tunnel;
        _anew = false;
        LogReady(_tools.Logger, _uid, target.Ip, handover.Tunnel.Mtu, listed.Now.Count);
        _open.TrySetResult();
        _opened.Raise();
        if (hello.Predecessors.Count > 0)
        {
            await handover.AwaitPredecessorsAsync(cancellationToken);
        }

        Ready();
        while (true)
        {
            var turning = _turning.Next;
            if (!_turned)
            {
                await Task.WhenAny(turning, Task.Delay(BetweenUpdates, _tools.Time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }

            var last = _turned;
            await UpdateAsync(handover, last ? flows.Latest() : flows.List(), incoming, cancellationToken);
            if (last)
            {
                // The guest may yet stay, and stop again later.
                await turning.WaitAsync(cancellationToken);
            }
        }
    }

    private void Choosing(bool earlier)
    {
        // Until it is tested: the next attempt makes another one otherwise.
        _anew = earlier;
        if (!earlier)
        {
            _tunnel = null;
        }
    }

    private async Task UpdateAsync(Handover handover, FlowChanges flows, IReadOnlyList<Tunnel> incoming, CancellationToken cancellationToken)
    {
        await handover.UpdateAsync(flows, incoming.Select(t => t.Mark).ToHashSet(), cancellationToken);
        if (handover.Refused is { } refused && $"some connections could not be handed over: {refused}" is var problem && problem != _refused)
        {
            _refused = problem;
            LogProblem(_tools.Logger, _uid, _refused);
        }
    }
}
