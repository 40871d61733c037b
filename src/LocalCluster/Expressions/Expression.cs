using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>
/// A parsed expression of the Common Expression Language, as far as match conditions and validation rules mostly need it: fields and indexes, literals,
/// comparisons, <c>&amp;&amp; || ! in ?:</c>, <c>has()</c>, <c>size()</c>, <c>all()</c>, <c>exists()</c>, startsWith, endsWith, contains and matches. Whatever else
/// is refused when it is read, never skipped.
/// </summary>
public sealed class Expression
{
    private readonly Func<IReadOnlyDictionary<string, JsonNode?>, JsonNode?> _evaluate;

    private readonly IReadOnlySet<string> _used;

    private Expression(string text, IReadOnlySet<string> used, Func<IReadOnlyDictionary<string, JsonNode?>, JsonNode?> evaluate)
    {
        Text = text;
        _used = used;
        _evaluate = evaluate;
    }

    public string Text { get; }

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="variables">The names that it may use.</param>
    /// <exception cref="FormatException">This server does not understand it.</exception>
    public static Expression Parse(string text, IReadOnlyCollection<string> variables)
    {
        var parser = new ExpressionParser(text, variables);
        var evaluate = parser.Parse();
        return new Expression(text, parser.Used, evaluate);
    }

    /// <summary>Whether the expression speaks of this variable.</summary>
    public bool Uses(string variable) => _used.Contains(variable);

    /// <summary>The truth of the expression. Throws <see cref="ExpressionException"/> when it has none (a field that is missing).</summary>
    public bool IsTrue(IReadOnlyDictionary<string, JsonNode?> variables) => _evaluate(variables)?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new ExpressionException($"expression '{Text}' is not a truth value"),
    };
}
