using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>A pod's quality of service, as its requests and limits make it.</summary>
public static class QosClass
{
    private static readonly string[] Counted = ["cpu", "memory"];

    public static string Of(Pod pod)
    {
        var containers = pod.Spec.Containers.Concat(pod.Spec.InitContainers ?? []).ToList();
        var asked = containers.Any(c => Counted.Any(r => Amount(c.Resources?.Requests, r) > 0 || Amount(c.Resources?.Limits, r) > 0));
        if (!asked)
        {
            return "BestEffort";
        }
        return containers.TrueForAll(c => Counted.All(r => IsFixed(c.Resources, r))) ? "Guaranteed" : "Burstable";
    }

    /// <summary>A limit, and a request that is the same (as it is when none is given).</summary>
    private static bool IsFixed(ResourceRequirements? resources, string resource)
    {
        var limit = Amount(resources?.Limits, resource);
        var request = Amount(resources?.Requests, resource);
        return limit > 0 && (request == 0 || request == limit);
    }

    private static long Amount(Dictionary<string, string>? amounts, string resource) => Amounts.Milli(amounts?.GetValueOrDefault(resource));
}
