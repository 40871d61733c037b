using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.Schema;

public sealed partial class SchemaValidator
{
    private void Scalar(JsonNode value, StructuralSchema schema, string path)
    {
        if (schema.Enum.Count > 0 && !schema.Enum.Any(e => JsonNode.DeepEquals(e, value)))
        {
            _errors.Add(new FieldError(
                Field(path),
                "FieldValueNotSupported",
                $"Unsupported value: {JsonKinds.Show(value)}: supported values: {string.Join(", ", schema.Enum.Select(JsonKinds.Show))}"));
        }

        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                Text(value, schema, path);
                break;
            case JsonValueKind.Number:
                Number(value, schema, path);
                break;
            default:
                break;
        }
    }

    private void Text(JsonNode value, StructuralSchema schema, string path)
    {
        var text = value.GetValue<string>();
        var rules = schema.Rules;
        var length = text.EnumerateRunes().Count();
        if (rules.MinLength is { } min && length < min)
        {
            Invalid(path, value, $"should be at least {min} chars long");
        }

        if (rules.MaxLength is { } max && length > max)
        {
            _errors.Add(FieldError.TooLong(Field(path), (int)max));
        }

        if (rules.CompiledPattern is { } pattern && !pattern.IsMatch(text))
        {
            Invalid(path, value, $"should match '{rules.Pattern}'");
        }

        if (schema.Format.Length > 0 && !Formats.Fits(text, schema.Format))
        {
            Invalid(path, value, $"must be of type {schema.Format}: {JsonKinds.Show(value)}");
        }
    }

    private void Number(JsonNode value, StructuralSchema schema, string path)
    {
        var number = JsonKinds.Number(value) ?? 0;
        var rules = schema.Rules;
        if (!Formats.InRange(number, schema.Format))
        {
            _errors.Add(FieldError.Invalid("<nil>", "\"\"", $"Checked value must be of type {schema.Type}{Precision(schema.Format)} in {path}"));
        }

        if (rules.MultipleOf is { } step && Math.Abs(number / step - Math.Round(number / step)) > 1e-9)
        {
            Invalid(path, value, $"should be a multiple of {JsonKinds.Show(step)}");
        }

        if (rules.Maximum is { } max && (rules.ExclusiveMaximum ? number >= max : number > max))
        {
            Invalid(path, value, $"should be less than {(rules.ExclusiveMaximum ? "" : "or equal to ")}{JsonKinds.Show(max)}");
        }

        if (rules.Minimum is { } min && (rules.ExclusiveMinimum ? number <= min : number < min))
        {
            Invalid(path, value, $"should be greater than {(rules.ExclusiveMinimum ? "" : "or equal to ")}{JsonKinds.Show(min)}");
        }
    }

    // Sets and maps among the lists may not name an item twice; this is checked after everything else, as the server does.
    private void Lists(JsonNode? value, StructuralSchema schema, string path, JsonNode? old)
    {
        if (value is null || (old is not null && JsonNode.DeepEquals(value, old)))
        {
            return;
        }

        switch (value)
        {
            case JsonObject obj:
                foreach (var (name, inner) in obj)
                {
                    if ((schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties) is { } property)
                    {
                        Lists(inner, property, Join(path, name), (old as JsonObject)?[name]);
                    }
                }

                break;
            case JsonArray array:
                Unique(array, schema, path);
                for (var i = 0; schema.Items is { } items && i < array.Count; i++)
                {
                    Lists(array[i], items, $"{path}[{i}]", Counterpart(array[i], schema, old as JsonArray));
                }

                break;
            default:
                break;
        }
    }

    private void Unique(JsonArray array, StructuralSchema schema, string path)
    {
        if (schema.ListType is not ("set" or "map"))
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < array.Count; i++)
        {
            var key = schema.ListType == "map" && array[i] is JsonObject obj ? ListKey(obj, schema) : JsonKinds.Show(array[i]);
            if (!seen.Add(key))
            {
                _errors.Add(FieldError.Duplicate($"{path}[{i}]", key));
            }
        }
    }

    private static string ListKey(JsonObject item, StructuralSchema schema)
    {
        var key = new JsonObject();
        foreach (var name in schema.ListMapKeys)
        {
            key[name] = (item[name] ?? schema.Items?.Properties.GetValueOrDefault(name)?.Default)?.DeepClone();
        }

        return JsonKinds.Show(key);
    }

    private static string Precision(string format) => format.Length == 0 ? " (default format)" : $" with format {format}";
}
