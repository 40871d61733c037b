using Godwit.LocalCluster.Objects;
using Godwit.LocalCluster.Scheduling;

namespace Godwit.LocalCluster.Workloads;

/// <summary>What a node is to the pods of a daemon set.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="ShouldRun">It is to have one.</param>
/// <param name="MayStay">A pod that is there may stay, though none would be put there.</param>
internal sealed record DaemonNode(string Name, bool ShouldRun, bool MayStay)
{
    /// <summary>Pure. The rules are those of Kubernetes' daemon set controller.</summary>
    /// <param name="pod">A pod of the template, with the tolerations that such pods get.</param>
    /// <param name="node">The node.</param>
    public static DaemonNode Of(Pod pod, Node node)
    {
        var name = node.Metadata.Name;
        if ((pod.Spec.NodeName is { Length: > 0 } wanted && wanted != name) || !NodeMatching.AllowsNode(pod, node))
        {
            return new(name, ShouldRun: false, MayStay: false);
        }

        var shunned = (node.Spec.Taints ?? []).Where(t => t.Effect is "NoExecute" or "NoSchedule" && !NodeMatching.Tolerates(pod.Spec.Tolerations, t)).ToList();
        return new(name, shunned.Count == 0, shunned.TrueForAll(t => t.Effect != "NoExecute"));
    }
}
