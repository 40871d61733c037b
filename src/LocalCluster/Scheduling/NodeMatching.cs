using Godwit.LocalCluster.Objects;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Matches nodes and labels against what objects ask for; pure.</summary>
public static class NodeMatching
{
    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>Whether one of the terms holds; a selector without terms matches nothing.</summary>
    public static bool Matches(NodeSelector selector, Node node) => selector.NodeSelectorTerms?.Exists(t => Matches(t, node)) == true;

    public static bool Matches(NodeSelectorTerm term, Node node)
    {
        var expressions = term.MatchExpressions ?? [];
        var fields = term.MatchFields ?? [];
        if (expressions.Count + fields.Count == 0)
        {
            return false;
        }
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { ["metadata.name"] = node.Metadata.Name };
        return expressions.TrueForAll(e => Requirement(e).Matches(node.Metadata.Labels ?? NoLabels)) && fields.TrueForAll(f => Requirement(f).Matches(names));
    }

    /// <summary>An absent selector matches nothing, an empty one everything.</summary>
    public static bool Matches(LabelQuery? query, IReadOnlyDictionary<string, string>? labels)
    {
        if (query is null)
        {
            return false;
        }
        var present = labels ?? NoLabels;
        return (query.MatchLabels ?? []).All(l => present.TryGetValue(l.Key, out var value) && value == l.Value)
            && (query.MatchExpressions ?? []).TrueForAll(e => Requirement(e).Matches(present));
    }

    /// <summary>Whether the pod may be on the node by its selector and required affinity.</summary>
    public static bool AllowsNode(Pod pod, Node node)
    {
        var labels = node.Metadata.Labels ?? NoLabels;
        var required = pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution;
        return (pod.Spec.NodeSelector ?? []).All(l => labels.TryGetValue(l.Key, out var value) && value == l.Value)
            && (required is null || Matches(required, node));
    }

    public static bool Tolerates(IReadOnlyList<Toleration>? tolerations, Taint taint) => tolerations?.Any(t => Tolerates(t, taint)) == true;

    public static bool Tolerates(Toleration toleration, Taint taint)
    {
        if (toleration.Effect is { Length: > 0 } effect && effect != taint.Effect)
        {
            return false;
        }
        if (toleration.Key is { Length: > 0 } key && key != taint.Key)
        {
            return false;
        }
        return toleration.Operator == "Exists" || (toleration.Key is { Length: > 0 } && (toleration.Value ?? "") == (taint.Value ?? ""));
    }

    private static LabelRequirement Requirement(NodeSelectorRequirement requirement) => new(
        requirement.Key,
        requirement.Operator switch
        {
            "In" => LabelOperator.In,
            "NotIn" => LabelOperator.NotIn,
            "Exists" => LabelOperator.Exists,
            "DoesNotExist" => LabelOperator.DoesNotExist,
            "Gt" => LabelOperator.GreaterThan,
            "Lt" => LabelOperator.LessThan,
            _ => throw new FormatException($"\"{requirement.Operator}\" is no operator of a selector"),
        },
        requirement.Values ?? []);
}
