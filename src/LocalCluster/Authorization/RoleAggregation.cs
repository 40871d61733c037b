using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Authorization;

/// <summary>The rules of a cluster role that gathers those of others.</summary>
public static class RoleAggregation
{
    /// <summary>The rules that a role should have, in the order of the other roles' names, each once; null for a role that gathers none.</summary>
    public static JsonArray? Rules(JsonObject role, IEnumerable<JsonObject> all)
    {
        if (role.At("aggregationRule", "clusterRoleSelectors") is not JsonArray selectors)
        {
            return null;
        }

        var chosen = selectors.Select(Selector).ToList();
        var rules = new JsonArray();
        foreach (var other in all.Where(o => o.Name() != role.Name()).OrderBy(static o => o.Name(), StringComparer.Ordinal))
        {
            if (!chosen.Any(s => s.Matches(other.Labels())))
            {
                continue;
            }

            foreach (var rule in other["rules"] as JsonArray ?? [])
            {
                if (!rules.Any(r => JsonNode.DeepEquals(r, rule)))
                {
                    rules.Add(rule!.DeepClone());
                }
            }
        }

        return rules;
    }

    private static LabelSelector Selector(JsonNode? selector)
    {
        try
        {
            return LabelSelector.FromJson(selector);
        }
        catch (SelectorException)
        {
            // Kept from before selectors were checked: it chooses nothing rather than everything.
            return LabelSelector.Nothing;
        }
    }
}
