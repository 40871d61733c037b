using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>A part of an expression that has been read.</summary>
/// <param name="Value">Gives its value.</param>
/// <param name="Kind">What that will be, as far as it shows.</param>
/// <param name="Depth">How deep the parts that it is made of nest: evaluating it takes as many calls within one another.</param>
internal sealed record Term(Func<Frame, JsonNode?> Value, ExpressionKind Kind = ExpressionKind.Any, int Depth = 1)
{
    private const int MaxDepth = 400;

    /// <summary>It stands for a value that may be absent, <see cref="Values.Absent"/> then: only orValue() and the like make a value of it.</summary>
    public bool Optional { get; init; }

    /// <summary>Whether the field that it names is there, for has(); null for what is no field.</summary>
    public Func<Frame, bool>? Presence { get; init; }

    /// <summary>A part that is made of others.</summary>
    /// <exception cref="FormatException">They nest too deeply.</exception>
    public static Term Of(Func<Frame, JsonNode?> value, ExpressionKind kind, params ReadOnlySpan<Term> parts)
    {
        var depth = 0;
        foreach (var part in parts)
        {
            if (part.Optional)
            {
                throw new FormatException("a value that may be absent has to go through orValue(), hasValue() or value() first");
            }

            depth = Math.Max(depth, part.Depth);
        }

        return new Term(
            f =>
            {
                f.Spend(1);
                return value(f);
            },
            kind,
            Below(depth));
    }

    public static int Below(int depth) => depth < MaxDepth ? depth + 1 : throw new FormatException($"the expression nests deeper than {MaxDepth}");
}
