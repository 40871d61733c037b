using Godwit.Types;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Decides what becomes of a pod from which tunnels lead. Pure.</summary>
public static class ForwarderDecision
{
    /// <summary>A pod that is about to be ended by force uses the time before to end its connections in order.</summary>
    private static readonly TimeSpan BeforePodEnds = TimeSpan.FromSeconds(5);

    /// <summary>So long after a guest has gone on its new pod is still open for those that forwarded to where it was.</summary>
    public static TimeSpan LatestFollow { get; } = TimeSpan.FromSeconds(30);

    /// <summary>New connections may reach the old address for a moment after the guest has moved.</summary>
    private static readonly TimeSpan LeastTime = TimeSpan.FromSeconds(2);

    /// <summary>Whether a migration takes the guest on from the pod that is forwarded to, and its target takes callers: its own way is open, and it has not ended long ago.</summary>
    public static bool MayFollow(MigrationState? migration, IReadOnlyList<Tunnel> outgoing, DateTimeOffset now) =>
        migration?.Forwarding?.State is MigrationForwarding.Prepared or MigrationForwarding.Forwarding
        && outgoing is [var used, ..] && migration.SourcePodUID == used.TargetPodUid
        && (migration.EndTimestamp is not { } end || now <= end + LatestFollow);

    public static ForwarderPlan Decide(ForwarderFacts facts) => facts.Terms is { } terms ? Forwarding(facts, terms) : BeforeItLeft(facts);

    /// <summary>The guest is here, or on its way: what a migration that came to nothing has left is removed.</summary>
    private static ForwarderPlan BeforeItLeft(ForwarderFacts facts) =>
        facts.OwnerPodUid == facts.PodUid && facts.Outgoing.FirstOrDefault(t => t.MigrationUid != facts.MigrationUid || facts.MigrationFailed) is { } leftover
            ? new(ForwarderAction.Remove, "its migration came to nothing, the guest is here", leftover)
            : new(ForwarderAction.Wait, "a migration is under way");

    private static ForwarderPlan Forwarding(ForwarderFacts facts, ForwarderTerms terms)
    {
        if (facts.GuestGone)
        {
            return new(ForwarderAction.End, "the virtual machine is gone");
        }

        var current = facts.Outgoing.FirstOrDefault(t => t.TargetPodUid == facts.OwnerPodUid);
        if (current is null)
        {
            return facts switch
            {
                { OwnerPodUid: null } => new(ForwarderAction.Wait, "where the guest is, is not known"),
                { MovesOn: true, MigrationFailed: false } when Due(facts, terms) is null => new(ForwarderAction.Follow, "the guest has gone on, and its new pod still listens"),
                _ => new(ForwarderAction.End, "the guest has gone on to a pod to which there is no way from here"),
            };
        }

        if (!ReferenceEquals(current, facts.Outgoing[0]))
        {
            return new(ForwarderAction.Turn, "the guest has gone on", current);
        }

        if (facts.Outgoing.FirstOrDefault(t => t != current && (t.MigrationUid != facts.MigrationUid || facts.MigrationFailed)) is { } idle)
        {
            return new(ForwarderAction.Remove, "the guest did not go on over it", idle);
        }

        if (Due(facts, terms) is { } reason)
        {
            return new(ForwarderAction.End, reason);
        }

        return facts.MovesOn && !facts.MigrationFailed && facts.Outgoing.All(t => t.MigrationUid != facts.MigrationUid)
            ? new(ForwarderAction.Follow, "the guest is about to go on")
            : new(ForwarderAction.Wait, "it forwards");
    }

    private static string? Due(ForwarderFacts facts, ForwarderTerms terms) => facts switch
    {
        { Flows: 0, HasPredecessors: false } when facts.Now >= terms.Since + LeastTime => "all connections have ended",
        _ when facts.Now >= terms.Until => "their time was over (connectionForwarding.maxSeconds)",
        { DrainedSince: { } since } when facts.Now >= since.AddSeconds(terms.DrainSeconds) =>
            "their node is being emptied (connectionForwarding.drainSeconds)",
        { PodEnds: { } ends } when facts.Now >= ends - BeforePodEnds => "their pod is being deleted",
        _ => null,
    };
}
