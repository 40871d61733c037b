namespace Godwit.Types;

/// <summary>Where a pod is reached on the cluster's own network.</summary>
public static class PodAddresses
{
    /// <summary>Its addresses, the one of its first family first; empty while it has none.</summary>
    public static IReadOnlyList<string> Addresses(this Pod pod) => pod.Status switch
    {
        { PodIPs: { Count: > 0 } all } => [.. all.Select(static ip => ip.Ip).OfType<string>()],
        { PodIP: { } only } => [only],
        _ => [],
    };
}
