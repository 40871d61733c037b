using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>Conditions on labels, from a query (<c>app=web,tier in (a,b)</c>) or from an object's <c>matchLabels</c>/<c>matchExpressions</c>.</summary>
public sealed class LabelSelector
{
    private readonly bool _nothing;

    private LabelSelector(IReadOnlyList<LabelRequirement> requirements, bool nothing = false)
    {
        Requirements = requirements;
        _nothing = nothing;
    }

    /// <summary>Selects all.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Selects none: what an absent selector object means.</summary>
    public static LabelSelector Nothing { get; } = new([], nothing: true);

    public IReadOnlyList<LabelRequirement> Requirements { get; }

    /// <summary>All of these must hold.</summary>
    public static LabelSelector Of(params IReadOnlyList<LabelRequirement> requirements) => new(requirements);

    /// <summary>These labels must have these values.</summary>
    public static LabelSelector OfLabels(IEnumerable<KeyValuePair<string, string>> labels) =>
        new([.. labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => new LabelRequirement(l.Key, LabelOperator.In, [l.Value]))]);

    /// <summary>Reads the form of queries; empty selects all.</summary>
    public static LabelSelector Parse(string? text) =>
        string.IsNullOrWhiteSpace(text) ? Everything : new(new LabelSelectorParser(text).Parse());

    /// <summary>Reads the form of objects: null selects none, an empty object all.</summary>
    public static LabelSelector FromJson(JsonNode? selector)
    {
        if (selector is null)
        {
            return Nothing;
        }

        var requirements = new List<LabelRequirement>();
        requirements.AddRange(OfLabels(selector.Strings("matchLabels")).Requirements);
        if (selector["matchExpressions"] is JsonArray expressions)
        {
            requirements.AddRange(expressions.Select(FromExpression));
        }

        return new(requirements);
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        if (_nothing)
        {
            return false;
        }

        foreach (var requirement in Requirements)
        {
            if (!requirement.Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The form of queries.</summary>
    public override string ToString() => string.Join(',', Requirements);

    private static LabelRequirement FromExpression(JsonNode? expression)
    {
        var key = expression.Text("key") ?? throw new SelectorException("an expression of a label selector has no key");
        var values = expression.At("values") is JsonArray array ? array.Select(v => v.Text() ?? "").ToArray() : [];
        var name = expression.Text("operator");
        LabelOperator? known = name switch
        {
            "In" => LabelOperator.In,
            "NotIn" => LabelOperator.NotIn,
            "Exists" => LabelOperator.Exists,
            "DoesNotExist" => LabelOperator.DoesNotExist,
            "Gt" => LabelOperator.GreaterThan,
            "Lt" => LabelOperator.LessThan,
            _ => null,
        };
        return known switch
        {
            null => throw new SelectorException($"\"{name}\" is not a valid label selector operator"),
            LabelOperator.In or LabelOperator.NotIn when values.Length == 0 =>
                throw new SelectorException($"values: Required value: must be specified when `operator` is 'In' or 'NotIn' (key \"{key}\")"),
            LabelOperator.Exists or LabelOperator.DoesNotExist when values.Length > 0 =>
                throw new SelectorException($"values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist' (key \"{key}\")"),
            LabelOperator.GreaterThan or LabelOperator.LessThan when values.Length != 1 || !long.TryParse(values[0], out _) =>
                throw new SelectorException($"for 'Gt', 'Lt' operators, exactly one integer is required (key \"{key}\")"),
            { } op => new(key, op, values),
        };
    }
}
