using System.Text.Json.Nodes;

namespace Godwit.Tests.E2E.Support;

/// <summary>Real evictions, as drain posts them.</summary>
internal static class Evictions
{
    /// <summary>Asks for the eviction of a pod; the answer is judged by the caller.</summary>
    public static Task<Tool.Outcome> PostAsync(TestCluster cluster, string @namespace, string pod, string query = "", string[]? dryRun = null)
    {
        var eviction = new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "Eviction",
            ["metadata"] = new JsonObject { ["name"] = pod, ["namespace"] = @namespace },
        };
        if (dryRun is not null)
        {
            eviction["deleteOptions"] = new JsonObject { ["dryRun"] = new JsonArray([.. dryRun.Select(static d => (JsonNode)d)]) };
        }

        return cluster.KubectlAsync(
            ["create", "--raw", $"/api/v1/namespaces/{@namespace}/pods/{pod}/eviction{query}", "-f", "-"], eviction.ToJsonString());
    }
}
