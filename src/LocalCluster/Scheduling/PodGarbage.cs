using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Which pods are taken from the API without their kubelet's word, and which only lose their readiness; pure.</summary>
public static class PodGarbage
{
    /// <summary>The taint by which an administrator vouches that a node is off.</summary>
    public const string OutOfService = "node.kubernetes.io/out-of-service";

    /// <summary>Why a pod is taken away by force; null when it is not.</summary>
    /// <param name="pod">A pod that is bound to a node.</param>
    /// <param name="node">Its node; null when there is none of that name.</param>
    /// <param name="isLongMissing">The node has been missing for as long as a silent one is waited for.</param>
    public static string? Why(Pod pod, Node? node, bool isLongMissing) => node switch
    {
        null => isLongMissing ? "PodGC: node no longer exists" : null,
        // Its kubelet would end the pod itself, if it were there.
        _ when pod.Metadata.DeletionTimestamp is null || IsReady(node) => null,
        _ => node.Spec.Taints?.Exists(t => t.Key == OutOfService) == true ? "PodGC: node is out of service" : null,
    };

    /// <summary>Whether a pod must not count as ready any more, because nobody knows how it is.</summary>
    public static bool LosesReadiness(Pod pod, Node node) =>
        !IsReady(node) && !pod.IsFinished && pod.Status.Conditions?.Find(c => c.Type == "Ready")?.Status == "True";

    private static bool IsReady(Node node) => node.Status.Conditions?.Find(c => c.Type == "Ready")?.Status == "True";
}
