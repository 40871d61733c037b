using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Expressions;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Admission;

/// <summary>What is wrong with the expressions of hooks and policies when they are written: none that is not understood is ever stored.</summary>
internal static class ExpressionRules
{
    private const int MaxConditions = 64;

    /// <param name="text">The expression.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="names">What it may speak of.</param>
    /// <param name="wanted">What it may give; none for anything.</param>
    public static FieldError? Check(string text, string path, IReadOnlyCollection<string> names, params ReadOnlySpan<ExpressionKind> wanted)
    {
        try
        {
            var kind = Expression.Parse(text, names).Kind;
            return kind == ExpressionKind.Any || wanted.Length == 0 || wanted.Contains(kind) ? null
                : Invalid(path, text, wanted[0] == ExpressionKind.Boolean ? "must evaluate to bool" : "must evaluate to string");
        }
        catch (FormatException e)
        {
            return Invalid(path, text, "compilation failed: " + e.Message);
        }
    }

    public static IEnumerable<FieldError> Conditions(JsonNode? conditions, string path, IReadOnlyCollection<string> names)
    {
        var list = (conditions as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (list.Count > MaxConditions)
        {
            yield return FieldError.TooMany(path, list.Count, MaxConditions);
        }

        foreach (var (condition, i) in list.Select((c, i) => (c, i)))
        {
            var expression = (condition.Text("expression") ?? "").Trim();
            if (expression.Length > 0)
            {
                if (Check(expression, $"{path}[{i}].expression", names, ExpressionKind.Boolean) is { } error)
                {
                    yield return error;
                }
            }
            else if (condition.Text("expression") is { Length: > 0 })
            {
                yield return FieldError.Required($"{path}[{i}].expression");
            }

            if (condition.Text("name") is { Length: > 0 } name)
            {
                foreach (var problem in MetadataRules.KeyProblems(name))
                {
                    yield return Invalid($"{path}[{i}].name", name, problem);
                }
            }
        }
    }

    public static FieldError Invalid(string path, string value, string problem) => FieldError.Invalid(path, JsonKinds.Show(JsonValue.Create(value)), problem);
}
