using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>What expressions may speak of, and how much they may still cost together.</summary>
/// <param name="variables">The values by name.</param>
/// <param name="budget">Steps: about one for each operation, member of a list that is looked at, and ten characters.</param>
public sealed class ExpressionScope(IReadOnlyDictionary<string, JsonNode?> variables, long budget = ExpressionScope.DefaultBudget)
{
    /// <summary>Well under a second of work.</summary>
    public const long DefaultBudget = 1_000_000;

    private readonly Dictionary<string, (JsonNode? Value, string? Problem)> _defined = new(StringComparer.Ordinal);
    private long _left = budget;

    /// <summary>
    /// Adds a value that another expression gives. It is evaluated here and now, so that definitions do not nest however many there are;
    /// that it has no value is an error only for those who ask for it.
    /// </summary>
    public void Define(string name, Expression expression)
    {
        try
        {
            _defined[name] = (expression.Evaluate(this), null);
        }
        catch (ExpressionException e)
        {
            _defined[name] = (null, e.Message);
        }
    }

    internal JsonNode? Find(string name)
    {
        if (_defined.TryGetValue(name, out var defined))
        {
            return defined.Problem is null
                ? defined.Value
                : throw new ExpressionException($"composited variable \"{name[(name.LastIndexOf('.') + 1)..]}\" fails to evaluate: {defined.Problem}");
        }

        return variables.TryGetValue(name, out var value) ? value : throw new ExpressionException($"no such attribute: {name}");
    }

    internal void Spend(long steps)
    {
        if ((_left -= steps) < 0)
        {
            _left = -1;
            throw new ExpressionException("operation cancelled: actual cost limit exceeded");
        }
    }
}
