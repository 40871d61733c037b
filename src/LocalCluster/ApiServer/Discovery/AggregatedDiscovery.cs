using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.Discovery;

/// <summary>Builds the items of an APIGroupDiscoveryList.</summary>
internal static class AggregatedDiscovery
{
    /// <summary>The order in which a real server lists its groups; the rest come after, by name.</summary>
    private static readonly string[] KnownGroups =
    [
        "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
        "certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io", "admissionregistration.k8s.io",
        "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io",
    ];

    private static readonly string[] StatusVerbs = ["get", "patch", "update"];

    public static JsonArray Build(IEnumerable<ResourceInfo> all)
    {
        var resources = all.ToList();
        var groups = resources.GroupBy(r => r.Group, StringComparer.Ordinal)
            .OrderBy(g => Array.IndexOf(KnownGroups, g.Key) is >= 0 and var at ? at : KnownGroups.Length)
            .ThenBy(g => g.Key, StringComparer.Ordinal);
        return new JsonArray([.. groups.Select(JsonNode (g) => Group(g.Key, [.. g]))]);
    }

    /// <summary>Versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1, then other names.</summary>
    public static IEnumerable<string> InOrder(IEnumerable<string> versions) =>
        versions.Distinct(StringComparer.Ordinal).OrderByDescending(VersionRank).ThenBy(v => v, StringComparer.Ordinal);

    private static JsonObject Group(string name, IReadOnlyList<ResourceInfo> resources)
    {
        var versions = InOrder(resources.SelectMany(r => r.Versions).Where(v => v.Served).Select(v => v.Name));
        return new JsonObject
        {
            ["metadata"] = name.Length == 0 ? new JsonObject() : new JsonObject { ["name"] = name },
            ["versions"] = new JsonArray([.. versions.Select(JsonNode (v) => new JsonObject
            {
                ["version"] = v,
                ["resources"] = new JsonArray([.. resources.Where(r => r.Version(v) is not null).OrderBy(r => r.Plural, StringComparer.Ordinal)
                    .Select(JsonNode (r) => Resource(r, r.Version(v)!))]),
                ["freshness"] = "Current",
            })]),
        };
    }

    private static JsonObject Resource(ResourceInfo resource, ResourceVersionInfo version)
    {
        var json = new JsonObject
        {
            ["resource"] = resource.Plural,
            ["responseKind"] = Own(resource, version, resource.Kind),
            ["scope"] = resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = Strings(resource.Verbs),
        };
        if (resource.ShortNames.Count > 0)
        {
            json["shortNames"] = Strings(resource.ShortNames);
        }

        if (resource.Categories.Count > 0)
        {
            json["categories"] = Strings(resource.Categories);
        }

        var subresources = resource.Subresources.ToList();
        if (version.HasStatus)
        {
            subresources.Add(new SubresourceInfo("status", resource.Kind, StatusVerbs));
        }

        if (version.Scale is not null)
        {
            subresources.Add(new SubresourceInfo("scale", "Scale", StatusVerbs, "autoscaling", "v1"));
        }

        if (subresources.Count > 0)
        {
            json["subresources"] = new JsonArray([.. subresources.OrderBy(s => resource.Custom ? "" : s.Name, StringComparer.Ordinal).Select(JsonNode (s) => new JsonObject
            {
                ["subresource"] = s.Name,
                ["responseKind"] = s.Group is { } group ? Kind(group, s.Version ?? version.Name, s.Kind) : Own(resource, version, s.Kind),
                ["verbs"] = Strings(s.Verbs),
            })]);
        }

        return json;
    }

    /// <summary>Built-in kinds say their group and version only where these are not those that they are listed under.</summary>
    private static JsonObject Own(ResourceInfo resource, ResourceVersionInfo version, string kind) =>
        resource.Custom ? Kind(resource.Group, version.Name, kind) : Kind("", "", kind);

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(JsonNode (v) => JsonValue.Create(v))]);

    private static (int Stability, int Major, int Minor) VersionRank(string version)
    {
        if (version.Length < 2 || version[0] != 'v')
        {
            return (0, 0, 0);
        }

        var text = version.AsSpan(1);
        var stage = text.IndexOfAnyExceptInRange('0', '9');
        if (stage < 0)
        {
            return int.TryParse(text, out var ga) ? (3, ga, 0) : (0, 0, 0);
        }

        if (!int.TryParse(text[..stage], out var major))
        {
            return (0, 0, 0);
        }

        var rest = text[stage..];
        var beta = rest.StartsWith("beta");
        if (!beta && !rest.StartsWith("alpha"))
        {
            return (0, 0, 0);
        }

        return int.TryParse(rest[(beta ? 4 : 5)..], out var minor) ? (beta ? 2 : 1, major, minor) : (0, 0, 0);
    }
}
