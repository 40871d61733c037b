using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>
/// A parsed expression of the Common Expression Language, as far as policies, match conditions and validation rules mostly need it: fields and indexes,
/// literals, arithmetic, comparisons, <c>&amp;&amp; || ! in ?:</c>, <c>has()</c>, the macros over lists and maps, optional fields (<c>.?name</c> with
/// <c>orValue()</c>, <c>hasValue()</c>), conversions, and functions of text. Whatever else is refused when it is read, never skipped.
/// </summary>
public sealed class Expression
{
    private const int LongestLine = 5 * 1024;

    private readonly Term _term;
    private readonly IReadOnlySet<string> _used;

    private Expression(string text, IReadOnlySet<string> used, Term term)
    {
        Text = text;
        _used = used;
        _term = term;
    }

    public string Text { get; }

    /// <summary>What it gives, as far as that shows without the objects.</summary>
    public ExpressionKind Kind => _term.Kind;

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="variables">The names that it may use; <c>variables.x</c> is the name of a variable that a policy has defined.</param>
    /// <exception cref="FormatException">This server does not understand it.</exception>
    public static Expression Parse(string text, IReadOnlyCollection<string> variables)
    {
        var parser = new ExpressionParser(text, variables);
        var term = parser.Parse();
        return new Expression(text, parser.Used, term);
    }

    /// <summary>Whether the expression speaks of this variable.</summary>
    public bool Uses(string variable) => _used.Contains(variable);

    /// <inheritdoc cref="IsTrue(ExpressionScope)"/>
    public bool IsTrue(IReadOnlyDictionary<string, JsonNode?> variables) => IsTrue(new ExpressionScope(variables));

    /// <summary>The truth of the expression. Throws <see cref="ExpressionException"/> when it has none (a field that is missing).</summary>
    public bool IsTrue(ExpressionScope scope) => Evaluate(scope)?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new ExpressionException($"expression '{Text}' is not a truth value"),
    };

    /// <summary>The value of the expression; it may be a part of one of the objects, so it is not to be changed.</summary>
    /// <exception cref="ExpressionException">It has none for these objects, or is too costly.</exception>
    public JsonNode? Evaluate(ExpressionScope scope) => _term.Value(new Frame(scope));

    /// <summary>The line of text that it gives, as a message; empty when it gives none, or too long a one.</summary>
    public string Line(ExpressionScope scope)
    {
        try
        {
            var line = Evaluate(scope) is { } value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>().Trim() : "";
            return line.Length > LongestLine || line.Contains('\n', StringComparison.Ordinal) ? "" : line;
        }
        catch (ExpressionException)
        {
            return "";
        }
    }
}
