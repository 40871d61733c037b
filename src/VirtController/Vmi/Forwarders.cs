using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Pods whose guest has moved and that carry its old connections. Such a pod is deleted at once, with all the time that it may take:
/// services then send it nothing new, and what is open goes on. It owns nothing and stands in nobody's way. Pure.
/// </summary>
public static class Forwarders
{
    /// <summary>The agent ends a forwarder at its time; one that it does not end is killed so much later.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    /// <summary>The pod carries old connections and is marked and being deleted as such.</summary>
    public static bool Is(Pod pod, VirtualMachineInstance vmi) =>
        pod.IsDeleting() && pod.Metadata.Label(Labels.Forwarder) is not null && pod.Metadata.Uid != vmi.Status?.OwnerPodUID;

    /// <summary>Launcher pods that have or may have a guest: all that have not finished, but for forwarders.</summary>
    public static int Unfinished(VirtualMachineInstance vmi, IEnumerable<Pod> pods) => pods.Count(pod => !pod.IsFinished() && !Is(pod, vmi));

    /// <summary>The pod that is to become a forwarder, by the word of its agent; null when there is none, or when it is one already.</summary>
    public static ForwarderPlan? Due(VirtualMachineInstance vmi, IReadOnlyList<Pod> pods)
    {
        if (vmi.Status is not { MigrationState: { Completed: true, Failed: not true, Forwarding: { State: MigrationForwarding.Forwarding, Since: { } since, Until: { } until } forwarding } state } status)
        {
            return null;
        }

        var source = pods.FirstOrDefault(pod => pod.Metadata.Uid == state.SourcePodUID && pod.Metadata.Uid != status.OwnerPodUID);
        if (source is null || source.IsFinished() || Is(source, vmi))
        {
            return null;
        }

        // Both are by the agent's clock, which may be another time than here; told late it is a little more than is left.
        return new ForwarderPlan(source, state.MigrationUid ?? "", (long)Math.Ceiling((until - since + Margin).TotalSeconds))
        {
            Event = new PlannedEvent(
                EventReasons.Forwarding,
                $"Pod {source.Metadata.Name} on node {state.SourceNode} stays, being deleted, for {Connections(forwarding.Flows)} that were open when the guest moved, until {Timestamps.Format(until)} at the latest"),
        };
    }

    private static string Connections(int? flows) => flows switch
    {
        null => "connections",
        1 => "1 connection",
        _ => $"{flows} connections",
    };
}
