using System.Text.Json.Nodes;
using Godwit.LocalCluster.Expressions;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>The <c>matchConditions</c> of a hook or a policy: all must hold for it to be concerned.</summary>
internal sealed class MatchConditions
{
    private readonly IReadOnlyList<(string Name, Expression Expression)> _conditions;

    private MatchConditions(IReadOnlyList<(string Name, Expression Expression)> conditions) => _conditions = conditions;

    public int Count => _conditions.Count;

    /// <summary>Reads the list.</summary>
    /// <exception cref="FormatException">One of them is not understood.</exception>
    public static MatchConditions Read(JsonNode? conditions, IReadOnlyCollection<string> variables) => new(
        [.. (conditions as JsonArray ?? []).Select(c => (c.Text("name") ?? "", Expression.Parse(c.Text("expression") ?? "", variables)))]);

    /// <summary>Whether all hold. One that does not decides, whatever becomes of the others.</summary>
    /// <returns>Null when none is false but one has no value; the problem is its name and why.</returns>
    public bool? Hold(ExpressionScope scope, out (string Name, string Expression, string Why) problem)
    {
        problem = default;
        foreach (var (name, expression) in _conditions)
        {
            try
            {
                if (!expression.IsTrue(scope))
                {
                    return false;
                }
            }
            catch (ExpressionException e)
            {
                problem = problem.Name is null ? (name, expression.Text, e.Message) : problem;
            }
        }

        return problem.Name is null ? true : null;
    }
}
