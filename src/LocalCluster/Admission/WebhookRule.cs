using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Which requests a hook is asked about, or a policy judges.</summary>
internal sealed record WebhookRule(
    IReadOnlyList<string> Operations,
    IReadOnlyList<string> Groups,
    IReadOnlyList<string> Versions,
    IReadOnlyList<string> Resources,
    string Scope)
{
    /// <summary>Only objects of these names; empty for all. Hooks have none.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    public static WebhookRule Read(JsonObject rule) => new(
        Texts(rule["operations"]), Texts(rule["apiGroups"]), Texts(rule["apiVersions"]), Texts(rule["resources"]), rule.Text("scope") ?? "*")
    {
        Names = Texts(rule["resourceNames"]),
    };

    /// <summary>Matches everything but the version.</summary>
    public bool Matches(string operation, string group, string resource, string? subresource, bool namespaced) =>
        Has(Operations, operation)
        && Has(Groups, group)
        && Scope switch { "Namespaced" => namespaced, "Cluster" => !namespaced, _ => true }
        && Resources.Any(pattern => MatchesResource(pattern, resource, subresource));

    public bool MatchesVersion(string version) => Has(Versions, version);

    public bool MatchesName(string name) => Names.Count == 0 || Names.Contains(name);

    private static bool MatchesResource(string pattern, string resource, string? subresource)
    {
        var slash = pattern.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return subresource is null && (pattern == "*" || pattern == resource);
        }

        var (main, sub) = (pattern[..slash], pattern[(slash + 1)..]);
        return (main == "*" || main == resource) && (sub == "*" || sub == subresource);
    }

    private static bool Has(IReadOnlyList<string> values, string value) => values.Any(v => v == "*" || v == value);

    private static List<string> Texts(JsonNode? node) => (node as JsonArray)?.Select(n => n.Text()).OfType<string>().ToList() ?? [];
}
