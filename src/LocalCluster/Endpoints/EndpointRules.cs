using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Endpoints;

/// <summary>The endpoint slice of a service, from its pods: pure.</summary>
internal static class EndpointRules
{
    public const string ServiceLabel = "kubernetes.io/service-name";
    public const string ManagerLabel = "endpointslice.kubernetes.io/managed-by";
    public const string Manager = "endpointslice-controller.k8s.io";

    /// <summary>Services without selector have slices made by others; external names have none.</summary>
    public static bool IsOurs(JsonObject service) =>
        service.At("spec", "selector") is JsonObject { Count: > 0 } && service.Text("spec", "type") != "ExternalName";

    public static string SliceName(JsonObject service) => $"{service.Name()}-{service.Uid().Replace("-", "", StringComparison.Ordinal)[..5]}";

    /// <param name="service">A service of ours.</param>
    /// <param name="pods">All pods of its namespace.</param>
    public static JsonObject Slice(JsonObject service, IEnumerable<JsonObject> pods)
    {
        var selector = LabelSelector.OfLabels(service.Strings("spec", "selector"));
        var behind = pods
            .Where(p => selector.Matches(p.Labels()) && p.Text("status", "podIP") is not null && p.Text("status", "phase") is not ("Succeeded" or "Failed"))
            .OrderBy(p => p.Name(), StringComparer.Ordinal)
            .ToList();
        return new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject
            {
                ["name"] = SliceName(service),
                ["namespace"] = service.Namespace(),
                ["labels"] = new JsonObject { [ServiceLabel] = service.Name(), [ManagerLabel] = Manager },
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Service",
                    ["name"] = service.Name(),
                    ["uid"] = service.Uid(),
                    ["controller"] = true,
                    ["blockOwnerDeletion"] = true,
                }),
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray([.. behind.Select(JsonNode (p) => Endpoint(p, service.Flag("spec", "publishNotReadyAddresses") ?? false))]),
            ["ports"] = new JsonArray([.. (service.At("spec", "ports") as JsonArray ?? []).OfType<JsonObject>().Select(p => Port(p, behind)).OfType<JsonObject>()]),
        };
    }

    private static JsonObject Endpoint(JsonObject pod, bool publishNotReady)
    {
        var terminating = pod.At("metadata", "deletionTimestamp") is not null;
        var serving = (pod.At("status", "conditions") as JsonArray)?.Any(c => c.Text("type") == "Ready" && c.Text("status") == "True") ?? false;
        var endpoint = new JsonObject
        {
            ["addresses"] = new JsonArray(pod.Text("status", "podIP")!),
            ["conditions"] = new JsonObject { ["ready"] = (serving || publishNotReady) && !terminating, ["serving"] = serving, ["terminating"] = terminating },
            ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["namespace"] = pod.Namespace(), ["name"] = pod.Name(), ["uid"] = pod.Uid() },
        };
        if (pod.Text("spec", "nodeName") is { } node)
        {
            endpoint["nodeName"] = node;
        }

        return endpoint;
    }

    private static JsonObject? Port(JsonObject port, List<JsonObject> pods)
    {
        var target = port["targetPort"] ?? port["port"];
        var number = target.Integer() ?? pods.Select(p => Named(p, target.Text() ?? "")).FirstOrDefault(n => n is not null);
        return number is null
            ? null
            : new JsonObject { ["name"] = port.Text("name") ?? "", ["port"] = number, ["protocol"] = port.Text("protocol") ?? "TCP" };
    }

    private static long? Named(JsonObject pod, string name) =>
        (pod.At("spec", "containers") as JsonArray ?? [])
            .SelectMany(c => c.At("ports") as JsonArray ?? [])
            .FirstOrDefault(p => p.Text("name") == name)
            .Integer("containerPort");
}
