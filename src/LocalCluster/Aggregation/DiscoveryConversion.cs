using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Aggregation;

/// <summary>Turns a server's APIResourceList into a version of the aggregated discovery document.</summary>
internal static class DiscoveryConversion
{
    public static JsonObject Version(AggregatedApi api, JsonNode? list)
    {
        var resources = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var entry in (list.At("resources") as JsonArray ?? []).OfType<JsonObject>().OrderBy(e => e.Text("name")?.Contains('/', StringComparison.Ordinal)))
        {
            var name = (entry.Text("name") ?? "").Split('/', 2);
            var main = name[0];
            if (name is [_, var sub])
            {
                // A server may serve nothing but subresources of what another serves.
                if (!resources.TryGetValue(main, out var parent))
                {
                    resources[main] = parent = Resource(main, "", entry, new JsonObject { ["group"] = "", ["version"] = "", ["kind"] = "" }, new JsonArray());
                }

                if (parent["subresources"] is not JsonArray subresources)
                {
                    parent["subresources"] = subresources = [];
                }

                subresources.Add((JsonNode)new JsonObject { ["subresource"] = sub, ["responseKind"] = Kind(api, entry), ["verbs"] = Verbs(entry) });
            }
            else
            {
                resources[main] = Resource(main, entry.Text("singularName") ?? "", entry, Kind(api, entry), Verbs(entry));
            }
        }

        return new JsonObject
        {
            ["version"] = api.Version,
            ["resources"] = new JsonArray([.. resources.Values.Select(r => (JsonNode)r)]),
            ["freshness"] = "Current",
        };
    }

    private static JsonObject Resource(string name, string singular, JsonObject entry, JsonObject kind, JsonArray verbs)
    {
        var resource = new JsonObject
        {
            ["resource"] = name,
            ["responseKind"] = kind,
            ["scope"] = entry.Flag("namespaced") == true ? "Namespaced" : "Cluster",
            ["singularResource"] = singular,
            ["verbs"] = verbs,
        };
        foreach (var list in (string[])["shortNames", "categories"])
        {
            if (entry[list] is JsonArray { Count: > 0 } names)
            {
                resource[list] = names.DeepClone();
            }
        }

        return resource;
    }

    private static JsonObject Kind(AggregatedApi api, JsonObject entry) => new()
    {
        ["group"] = entry.Text("group") ?? api.Group,
        ["version"] = entry.Text("version") ?? api.Version,
        ["kind"] = entry.Text("kind") ?? "",
    };

    private static JsonArray Verbs(JsonObject entry) => (JsonArray?)entry["verbs"]?.DeepClone() ?? [];
}
