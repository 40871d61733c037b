using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>Which requests a hook or a policy is about.</summary>
/// <param name="Rules">One of them has to match.</param>
/// <param name="Excluded">None of them may match.</param>
/// <param name="NamespaceSelector">Over the labels of the request's namespace.</param>
/// <param name="ObjectSelector">Over the labels of the object, before or after.</param>
/// <param name="MatchesEquivalent">A rule for another version of a resource holds for all its versions.</param>
internal sealed record MatchedRequests(
    IReadOnlyList<WebhookRule> Rules,
    IReadOnlyList<WebhookRule> Excluded,
    LabelSelector NamespaceSelector,
    LabelSelector ObjectSelector,
    bool MatchesEquivalent)
{
    /// <summary>Reads a hook: its selectors and rules stand beside each other.</summary>
    public static MatchedRequests OfHook(JsonObject hook) => Read(hook, "rules");

    /// <summary>Reads <c>matchConstraints</c> of a policy, or <c>matchResources</c> of a binding.</summary>
    public static MatchedRequests OfPolicy(JsonObject resources) => Read(resources, "resourceRules");

    private static MatchedRequests Read(JsonObject from, string rules) => new(
        Rulebook(from[rules]),
        Rulebook(from["excludeResourceRules"]),
        LabelSelector.FromJson(from["namespaceSelector"] ?? new JsonObject()),
        LabelSelector.FromJson(from["objectSelector"] ?? new JsonObject()),
        from.Text("matchPolicy") != "Exact");

    private static List<WebhookRule> Rulebook(JsonNode? rules) => [.. (rules as JsonArray ?? []).OfType<JsonObject>().Select(WebhookRule.Read)];
}
