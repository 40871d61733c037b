using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Watches the tunnels from the pods where the guest was, and takes those down that are of no use any more.</summary>
internal sealed partial class LinkWatch(ForwardingTools tools)
{
    private const int PingSize = 64;
    private static readonly TimeSpan PingDeadline = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RefuseFor = TimeSpan.FromSeconds(3);
    private readonly Dictionary<string, long> _heard = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _refusedSince = new(StringComparer.Ordinal);
    private readonly HashSet<string> _owned = new(StringComparer.Ordinal);

    public async Task LookAsync(PodTunnels pod, VirtualMachineInstance? vmi, IMigrationRecord record, CancellationToken cancellationToken)
    {
        foreach (var tunnel in pod.State.Incoming)
        {
            var key = $"{tunnel.MigrationUid}/{tunnel.Mark}";
            if (_refusedSince.TryGetValue(key, out var since))
            {
                if (tools.Time.GetElapsedTime(since) >= RefuseFor)
                {
                    await pod.RemoveIncomingAsync(tunnel, cancellationToken);
                    _refusedSince.Remove(key);
                }

                continue;
            }

            var facts = await GatherAsync(pod, tunnel, key, vmi, record, cancellationToken);
            if (LinkDecision.Decide(facts) is { } reason)
            {
                await TellAsync(pod, tunnel, facts, vmi, record, cancellationToken);
                LogDown(tools.Logger, tunnel.SourcePod, tunnel.Mark, reason);
                await pod.RefuseAsync(tunnel.IncomingDevice, cancellationToken);
                _refusedSince[key] = tools.Time.GetTimestamp();
            }
        }
    }

    // Before the tunnel goes: while the server does not answer, all this is tried again.
    private async Task TellAsync(PodTunnels pod, Tunnel tunnel, LinkFacts facts, VirtualMachineInstance? vmi, IMigrationRecord record, CancellationToken cancellationToken)
    {
        var flows = FlowCount.With(pod.Flows(tunnel.GuestAddress), ForwardingNames.Bits(tunnel.Mark), ForwardingNames.MarkMask);
        if (vmi is not null && LinkDecision.Untold(facts, tunnel, vmi, flows, tools.Time.GetUtcNow()) is { } ended
            && await record.PatchAsync(RecordPatches.ForwarderLost(tunnel.MigrationUid, vmi.Migration()!.Forwarding!.State!, ended), cancellationToken) is not null
            && flows > 0)
        {
            record.Event(
                vmi, EventReasons.Warning, EventReasons.ForwardingEnded,
                $"{flows} connections to the guest's former address {tunnel.SourceIp} were cut off: {ended.Reason}.");
        }
    }

    private async Task<LinkFacts> GatherAsync(
        PodTunnels pod, Tunnel tunnel, string key, VirtualMachineInstance? vmi, IMigrationRecord record, CancellationToken cancellationToken)
    {
        var owner = vmi?.Status?.OwnerPodUID == pod.PodUid;
        // This agent may have come when the guest had gone on already.
        var was = owner || _owned.Contains(key) || pod.State.Terms is not null;
        if (owner)
        {
            _owned.Add(key);
        }

        if (!_heard.TryGetValue(key, out var heard) || !was || await TunnelAnswersAsync(pod, tunnel, cancellationToken))
        {
            _heard[key] = heard = tools.Time.GetTimestamp();
        }

        var silent = tools.Time.GetElapsedTime(heard);
        return new LinkFacts
        {
            OwnerHere = owner,
            WasOwner = was,
            Silent = silent,
            Ended = silent >= LinkDecision.EndedAfter && await HasEndedAsync(tunnel, vmi, record, cancellationToken),
        };
    }

    private static Task<bool> TunnelAnswersAsync(PodTunnels pod, Tunnel tunnel, CancellationToken cancellationToken) => TunnelProbe.PingAsync(
        pod.Sockets, ForwardingNames.IncomingProbe(tunnel.Probe), System.Net.IPAddress.Parse(tunnel.SourceIp), PingSize, dontFragment: false, PingDeadline, cancellationToken);

    // While the server does not answer it is not known, and what is not known ends nothing.
    private static async Task<bool> HasEndedAsync(Tunnel tunnel, VirtualMachineInstance? vmi, IMigrationRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return await IsOverAsync(tunnel, vmi, record, cancellationToken);
        }
        catch (ApiException)
        {
            return false;
        }
    }

    private static async Task<bool> IsOverAsync(Tunnel tunnel, VirtualMachineInstance? vmi, IMigrationRecord record, CancellationToken cancellationToken) =>
        (vmi?.IsAbout(tunnel.MigrationUid) == true && vmi.Migration()!.SourcePodUID == tunnel.SourcePodUid
            && vmi.Migration()!.Forwarding?.State is MigrationForwarding.Ended or MigrationForwarding.Unavailable)
        || await record.PodEndAsync(tunnel.SourcePod, cancellationToken) is null;

    [LoggerMessage(375, LogLevel.Information, "The tunnel from pod {Pod} (mark {Mark}) is taken down: {Reason}")]
    private static partial void LogDown(ILogger logger, string pod, int mark, string reason);
}
