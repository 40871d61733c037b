using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Quota;

/// <summary>Counts what a namespace uses of the resources that quotas can bound.</summary>
internal static class ResourceUsage
{
    private static readonly Dictionary<string, string> Counted = new(StringComparer.Ordinal)
    {
        ["pods"] = "pods",
        ["configmaps"] = "configmaps",
        ["secrets"] = "secrets",
        ["services"] = "services",
        ["persistentvolumeclaims"] = "persistentvolumeclaims",
        ["resourcequotas"] = "resourcequotas",
    };

    /// <summary>Store name of the objects that a key counts; null when it measures something else.</summary>
    public static string? CountedResource(string key) =>
        key.StartsWith("count/", StringComparison.Ordinal) ? key["count/".Length..] : Counted.GetValueOrDefault(key);

    /// <summary>The compute resource that a key bounds, and whether it is its requests or limits; null for others.</summary>
    public static (string Part, string Resource)? Compute(string key) => key switch
    {
        "cpu" or "memory" => ("requests", key),
        _ when key.StartsWith("requests.", StringComparison.Ordinal) && key != "requests.storage" => ("requests", key["requests.".Length..]),
        _ when key.StartsWith("limits.", StringComparison.Ordinal) => ("limits", key["limits.".Length..]),
        _ => null,
    };

    /// <summary>What is in use of a key; null for a key that this server does not measure.</summary>
    public static Quantity? Used(string key, string ns, StoreSnapshot state)
    {
        if (CountedResource(key) is { } resource)
        {
            return Quantity.From(resource == "pods" && key == "pods"
                ? state.List("pods", ns).Select(p => p.ToJsonObject()).Count(IsLive)
                : state.List(resource, ns).Count());
        }

        if (Compute(key) is { } compute)
        {
            return state.List("pods", ns).Select(p => p.ToJsonObject()).Where(IsLive)
                .Aggregate(Quantity.Zero, (sum, pod) => sum + OfPod(pod, compute.Part, compute.Resource));
        }

        return key == "requests.storage"
            ? state.List("persistentvolumeclaims", ns).Aggregate(Quantity.Zero, (sum, c) => sum + Amount(c.ToJsonObject().At("spec", "resources", "requests", "storage")))
            : null;
    }

    /// <summary>What a pod asks for: the sum of its containers, or the largest of those that run before them.</summary>
    public static Quantity OfPod(JsonObject pod, string part, string resource)
    {
        Quantity Of(JsonNode? container) => Amount(container.At("resources", part, resource));
        var running = Containers(pod, "containers").Aggregate(Quantity.Zero, (sum, c) => sum + Of(c));
        return Containers(pod, "initContainers").Select(Of).Append(running).Max();
    }

    /// <summary>Names of containers that do not say how much they need.</summary>
    public static IReadOnlyList<string> Silent(JsonObject pod, string part, string resource) =>
        [.. Containers(pod, "containers").Where(c => c.At("resources", part, resource) is null).Select(c => c.Text("name") ?? "")];

    private static bool IsLive(JsonObject pod) => pod.Text("status", "phase") is not ("Succeeded" or "Failed");

    private static IEnumerable<JsonNode?> Containers(JsonObject pod, string list) => pod.At("spec", list) as JsonArray ?? [];

    private static Quantity Amount(JsonNode? node) => Quantity.TryParse(node.Text() ?? node?.ToJsonString(), out var amount) ? amount : Quantity.Zero;
}
