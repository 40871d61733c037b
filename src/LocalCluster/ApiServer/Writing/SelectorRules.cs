using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>The rules of a label selector within an object.</summary>
internal static class SelectorRules
{
    public static IEnumerable<FieldError> Check(JsonNode? selector, string path)
    {
        foreach (var error in MetadataRules.Labels(selector.At("matchLabels") as JsonObject, path + ".matchLabels"))
        {
            yield return error;
        }

        foreach (var (expression, i) in (selector.At("matchExpressions") as JsonArray ?? []).Select((e, i) => (e, i)))
        {
            foreach (var error in Expression(expression, $"{path}.matchExpressions[{i}]"))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<FieldError> Expression(JsonNode? expression, string path)
    {
        var values = (expression.At("values") as JsonArray ?? []).Select(v => v.Text() ?? "").ToList();
        switch (expression.Text("operator"))
        {
            case "In" or "NotIn":
                if (values.Count == 0)
                {
                    yield return FieldError.Required(path + ".values", "must be specified when `operator` is 'In' or 'NotIn'");
                }

                break;
            case "Exists" or "DoesNotExist":
                if (values.Count > 0)
                {
                    yield return FieldError.Forbidden(path + ".values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                }

                break;
            case { Length: > 0 } other:
                yield return FieldError.Invalid(path + ".operator", $"\"{other}\"", "not a valid selector operator");
                break;
            default:
                // The schema has already asked for it.
                break;
        }

        if (expression.Text("key") is { Length: > 0 } key)
        {
            foreach (var problem in MetadataRules.KeyProblems(key))
            {
                yield return FieldError.Invalid(path + ".key", $"\"{key}\"", problem);
            }
        }

        foreach (var (value, i) in values.Select((v, i) => (v, i)))
        {
            foreach (var problem in MetadataRules.ValueProblems(value))
            {
                yield return FieldError.Invalid($"{path}.values[{i}]", $"\"{value}\"", problem);
            }
        }
    }
}
