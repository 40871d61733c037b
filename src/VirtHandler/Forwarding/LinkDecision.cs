using Godwit.Types;
using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Decides whether a tunnel is still of use in the pod where the guest is. Pure.</summary>
public static class LinkDecision
{
    /// <summary>A pod that is gone answers no more; a word that is late is not taken for that.</summary>
    public static TimeSpan EndedAfter { get; } = TimeSpan.FromSeconds(2);

    /// <summary>A network that is away for a while loses no connection.</summary>
    public static TimeSpan LostAfter { get; } = TimeSpan.FromSeconds(90);

    /// <summary>Why the tunnel is to be taken down; null while it is not.</summary>
    public static string? Decide(LinkFacts facts) => facts switch
    {
        { WasOwner: false } => null,
        { Ended: true } when facts.Silent >= EndedAfter => "its pod forwards no more",
        { OwnerHere: false } when facts.Silent >= EndedAfter => "its pod forwards to where the guest has gone on to",
        _ when facts.Silent >= LostAfter => $"its pod has not been heard for {LostAfter.TotalSeconds:0} s",
        _ => null,
    };

    /// <summary>
    /// What the record is to say of a tunnel that is taken down where the guest is: the pod at its other end, and perhaps its whole node, is
    /// not there to say it. Null where the record is not about that pod, or knows already.
    /// </summary>
    public static MigrationForwarding? Untold(LinkFacts facts, Tunnel tunnel, VirtualMachineInstance vmi, int flows, DateTimeOffset now) =>
        facts.OwnerHere && vmi.Migration() is { Forwarding: { State: MigrationForwarding.Prepared or MigrationForwarding.Forwarding } forwarding } state
            && state.MigrationUid == tunnel.MigrationUid && state.SourcePodUID == tunnel.SourcePodUid
            ? forwarding with
            {
                State = MigrationForwarding.Ended,
                Flows = flows,
                Since = now,
                Until = null,
                Reason = facts.Ended
                    ? $"pod {tunnel.SourcePod} on node {state.SourceNode}, which forwarded them, is gone"
                    : $"pod {tunnel.SourcePod} on node {state.SourceNode}, which forwarded them, has not been heard for {LostAfter.TotalSeconds:0} s",
            }
            : null;
}
