namespace Godwit.LocalCluster.Authorization;

/// <summary>What rules give beyond others: nobody may hand out more than they hold.</summary>
public static class RuleCoverage
{
    /// <summary>The parts of some rules that others do not cover, each with one verb on one resource or path; none when all is covered.</summary>
    public static IReadOnlyList<PolicyRule> Missing(IReadOnlyList<PolicyRule> held, IEnumerable<PolicyRule> wanted) =>
        [.. wanted.SelectMany(Single).Where(one => !held.Any(h => h.Covers(one)))];

    /// <summary>Rules of one group, one resource and at most one name become one rule with all their verbs.</summary>
    public static IReadOnlyList<PolicyRule> Compact(IReadOnlyList<PolicyRule> rules)
    {
        var simple = new Dictionary<(string Group, string Resource, string? Name), int>();
        var compact = new List<PolicyRule>();
        foreach (var rule in rules)
        {
            if (rule is not { ApiGroups: [var group], Resources: [var resource], NonResourceUrls: [], ResourceNames.Count: <= 1 })
            {
                compact.Add(rule);
                continue;
            }

            var key = (group, resource, rule.ResourceNames.Count == 0 ? null : rule.ResourceNames[0]);
            if (simple.TryGetValue(key, out var at))
            {
                compact[at] = compact[at] with { Verbs = [.. compact[at].Verbs, .. rule.Verbs.Except(compact[at].Verbs)] };
            }
            else
            {
                simple[key] = compact.Count;
                compact.Add(rule);
            }
        }

        return compact;
    }

    /// <summary>A rule as messages show it: <c>{APIGroups:[""], Resources:["secrets"], Verbs:["delete"]}</c>.</summary>
    public static string Describe(PolicyRule rule)
    {
        var parts = ((string, IReadOnlyList<string>)[])
        [
            ("APIGroups", rule.ApiGroups), ("Resources", rule.Resources), ("NonResourceURLs", rule.NonResourceUrls),
            ("ResourceNames", rule.ResourceNames), ("Verbs", rule.Verbs),
        ];
        return "{" + string.Join(", ", parts.Where(static p => p.Item2.Count > 0).Select(static p => p.Item1 + ":" + Quoted(p.Item2))) + "}";
    }

    /// <summary>A list of texts as messages show it: <c>["a" "b"]</c>.</summary>
    public static string Quoted(IEnumerable<string> texts) => "[" + string.Join(' ', texts.Select(Quoted)) + "]";

    /// <summary>A text in quotation marks.</summary>
    public static string Quoted(string text) =>
        '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';

    private static IEnumerable<PolicyRule> Single(PolicyRule rule)
    {
        var names = rule.ResourceNames.Cast<string?>().DefaultIfEmpty().ToList();
        var resources =
            from @group in rule.ApiGroups
            from resource in rule.Resources
            from verb in rule.Verbs
            from name in names
            select new PolicyRule { ApiGroups = [@group], Resources = [resource], Verbs = [verb], ResourceNames = name is null ? [] : [name] };
        var paths =
            from url in rule.NonResourceUrls
            from verb in rule.Verbs
            select new PolicyRule { NonResourceUrls = [url], Verbs = [verb] };
        return resources.Concat(paths);
    }
}
