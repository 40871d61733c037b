using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Admission;

/// <summary>
/// A parsed expression of the Common Expression Language, as far as match conditions need it: fields and indexes, literals,
/// comparisons, <c>&amp;&amp; || ! in</c>, <c>has()</c>, <c>size()</c>, startsWith, endsWith, contains and matches. Whatever else
/// is refused when it is read, never skipped.
/// </summary>
public sealed class Expression
{
    private readonly Func<IReadOnlyDictionary<string, JsonNode?>, JsonNode?> _evaluate;

    private Expression(string text, Func<IReadOnlyDictionary<string, JsonNode?>, JsonNode?> evaluate)
    {
        Text = text;
        _evaluate = evaluate;
    }

    public string Text { get; }

    /// <summary>Throws <see cref="FormatException"/> for what this server does not understand.</summary>
    public static Expression Parse(string text) => new(text, new ExpressionParser(text).Parse());

    /// <summary>The truth of the expression. Throws <see cref="ExpressionException"/> when it has none (a field that is missing).</summary>
    public bool IsTrue(IReadOnlyDictionary<string, JsonNode?> variables) => _evaluate(variables)?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new ExpressionException($"expression '{Text}' is not a truth value"),
    };
}
