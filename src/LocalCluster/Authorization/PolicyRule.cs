using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Authorization;

/// <summary>One rule of a role: these verbs on these resources, or on these paths.</summary>
public sealed record PolicyRule
{
    private const string All = "*";

    public IReadOnlyList<string> Verbs { get; init; } = [];

    public IReadOnlyList<string> ApiGroups { get; init; } = [];

    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Empty: every name.</summary>
    public IReadOnlyList<string> ResourceNames { get; init; } = [];

    public IReadOnlyList<string> NonResourceUrls { get; init; } = [];

    /// <summary>The rules of a role; none when it has none.</summary>
    public static IReadOnlyList<PolicyRule> ReadAll(JsonNode? rules) =>
        [.. (rules as JsonArray ?? []).OfType<JsonObject>().Select(static r => new PolicyRule
        {
            Verbs = Strings(r["verbs"]),
            ApiGroups = Strings(r["apiGroups"]),
            Resources = Strings(r["resources"]),
            ResourceNames = Strings(r["resourceNames"]),
            NonResourceUrls = Strings(r["nonResourceURLs"]),
        })];

    /// <summary>Whether the rule allows this.</summary>
    public bool Allows(AccessAttributes wanted)
    {
        if (!Has(Verbs, wanted.Verb))
        {
            return false;
        }

        return wanted.Path is { } path
            ? HasPath(NonResourceUrls, path)
            : Has(ApiGroups, wanted.Group) && HasResource(Resources, wanted.Resource, wanted.Subresource)
                && (ResourceNames.Count == 0 || ResourceNames.Contains(wanted.Name));
    }

    /// <summary>Whether the rule gives all that another one gives, which has one verb, one group, one resource and at most one name, or one path.</summary>
    public bool Covers(PolicyRule single)
    {
        if (!Has(Verbs, single.Verbs[0]))
        {
            return false;
        }

        if (single.NonResourceUrls.Count > 0)
        {
            return HasPath(NonResourceUrls, single.NonResourceUrls[0]);
        }

        var (resource, subresource) = single.Resources[0].Split('/', 2) is [var r, var s] ? (r, s) : (single.Resources[0], "");
        return Has(ApiGroups, single.ApiGroups[0]) && HasResource(Resources, resource, subresource)
            && (ResourceNames.Count == 0 || (single.ResourceNames.Count > 0 && ResourceNames.Contains(single.ResourceNames[0])));
    }

    /// <summary>As it stands in a role.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["verbs"] = Array(Verbs) };
        foreach (var (name, values) in (ReadOnlySpan<(string, IReadOnlyList<string>)>)
            [("apiGroups", ApiGroups), ("resources", Resources), ("resourceNames", ResourceNames), ("nonResourceURLs", NonResourceUrls)])
        {
            if (values.Count > 0)
            {
                json[name] = Array(values);
            }
        }

        return json;
    }

    private static bool Has(IReadOnlyList<string> values, string wanted)
    {
        foreach (var value in values)
        {
            if (value == All || value == wanted)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasResource(IReadOnlyList<string> resources, string resource, string subresource)
    {
        foreach (var known in resources)
        {
            if (known == All || (subresource.Length == 0 ? known == resource : IsSubresource(known, resource, subresource)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary><c>pods/log</c>, or <c>*/scale</c> for that of every resource; told apart without making a text for each request.</summary>
    private static bool IsSubresource(string known, string resource, string subresource)
    {
        var slash = known.Length - subresource.Length - 1;
        return slash > 0 && known[slash] == '/' && known.EndsWith(subresource, StringComparison.Ordinal)
            && (known.AsSpan(0, slash).SequenceEqual(resource) || (slash == 1 && known[0] == '*'));
    }

    private static bool HasPath(IReadOnlyList<string> paths, string path)
    {
        foreach (var known in paths)
        {
            if (known == path || (known.EndsWith('*') && path.StartsWith(known.TrimEnd('*'), StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    private static string[] Strings(JsonNode? list) =>
        [.. (list as JsonArray ?? []).OfType<JsonValue>().Where(static v => v.GetValueKind() == System.Text.Json.JsonValueKind.String).Select(static v => v.GetValue<string>())];

    private static JsonArray Array(IReadOnlyList<string> values) => [.. values.Select(static v => (JsonNode)JsonValue.Create(v))];
}
