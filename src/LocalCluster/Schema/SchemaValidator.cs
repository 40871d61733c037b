using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.Schema;

/// <summary>Checks values against a structural schema, with the sentences of a Kubernetes API server.</summary>
public sealed partial class SchemaValidator
{
    private readonly List<FieldError> _errors = [];

    private SchemaValidator()
    {
    }

    /// <summary>
    /// All errors of a value. What did not change since <paramref name="old"/> is not held against a write, so that a schema may
    /// be tightened without locking stored objects.
    /// </summary>
    public static IReadOnlyList<FieldError> Validate(JsonNode? value, StructuralSchema schema, string path = "", JsonNode? old = null) =>
        Validate(value, schema, path, old, out _);

    /// <inheritdoc cref="Validate(JsonNode?, StructuralSchema, string, JsonNode?)"/>
    /// <param name="value">What to check.</param>
    /// <param name="schema">By what.</param>
    /// <param name="path">Where it is in its object.</param>
    /// <param name="old">What it was before the update.</param>
    /// <param name="fits">Whether each value has the form that the schema gives it; items that are twice in a list do not change that.</param>
    public static IReadOnlyList<FieldError> Validate(JsonNode? value, StructuralSchema schema, string path, JsonNode? old, out bool fits)
    {
        var validator = new SchemaValidator();
        validator.Node(value, schema, path, old);
        fits = validator._errors.Count == 0;
        validator.Lists(value, schema, path, old);
        return validator._errors;
    }

    /// <summary>The errors that the schema's own rules find in a value that fits the schema.</summary>
    public static IEnumerable<FieldError> CheckRules(JsonNode? value, StructuralSchema schema, string path, JsonNode? old)
    {
        if (value is null || (old is not null && JsonNode.DeepEquals(value, old)))
        {
            return [];
        }

        var own = schema.Validations.Select(rule => rule.Check(value, old, path)).OfType<FieldError>();
        var below = value switch
        {
            JsonObject obj => obj.SelectMany(p => (schema.Properties.GetValueOrDefault(p.Key) ?? schema.AdditionalProperties) is { HasValidations: true } inner
                ? CheckRules(p.Value, inner, Join(path, p.Key), (old as JsonObject)?[p.Key])
                : []),
            JsonArray array when schema.Items is { HasValidations: true } items =>
                array.SelectMany((item, i) => CheckRules(item, items, $"{path}[{i}]", Counterpart(item, schema, old as JsonArray))),
            _ => [],
        };
        return own.Concat(below);
    }

    private void Node(JsonNode? value, StructuralSchema schema, string path, JsonNode? old)
    {
        if (old is not null && JsonNode.DeepEquals(value, old))
        {
            return;
        }

        if (value is null)
        {
            if (!schema.Nullable && (schema.Type.Length > 0 || schema.IntOrString))
            {
                WrongType(value, schema.IntOrString ? "integer,string" : schema.Type, path);
            }

            return;
        }

        if (!TypeFits(value, schema, path))
        {
            return;
        }

        Scalar(value, schema, path);
        switch (value)
        {
            case JsonObject obj:
                Object(obj, schema, path, old as JsonObject);
                break;
            case JsonArray array:
                Array(array, schema, path, old as JsonArray);
                break;
            default:
                break;
        }

        Combinations(value, schema, path);
    }

    private bool TypeFits(JsonNode value, StructuralSchema schema, string path)
    {
        var actual = JsonKinds.Name(value);
        if (schema.IntOrString)
        {
            if (actual is "integer" or "string")
            {
                return true;
            }

            WrongType(value, "integer,string", path);
            return false;
        }

        if (schema.Type.Length == 0 || schema.Type == actual || (schema.Type == "number" && actual == "integer"))
        {
            return true;
        }

        WrongType(value, schema.Type, path);
        if (schema.Type == "integer" && actual == "number")
        {
            // The server's range check complains once more, without a field.
            _errors.Add(FieldError.Invalid("<nil>", "\"\"", $"Checked value must be of type integer{Precision(schema.Format)} in {path}"));
        }

        return false;
    }

    private void WrongType(JsonNode? value, string expected, string path)
    {
        var actual = JsonKinds.Name(value);
        _errors.Add(FieldError.TypeInvalid(Field(path), $"\"{actual}\"", $"{path} in body must be of type {expected}: \"{actual}\""));
    }

    private void Object(JsonObject obj, StructuralSchema schema, string path, JsonObject? old)
    {
        foreach (var name in schema.Required)
        {
            if (!obj.ContainsKey(name))
            {
                _errors.Add(FieldError.Required(Join(path, name)));
            }
        }

        var rules = schema.Rules;
        if (rules.MinProperties is { } min && obj.Count < min)
        {
            Invalid(path, JsonValue.Create(obj.Count), $"should have at least {min} properties");
        }

        if (rules.MaxProperties is { } max && obj.Count > max)
        {
            _errors.Add(FieldError.TooMany(Field(path), obj.Count, (int)max));
        }

        foreach (var (name, value) in obj)
        {
            if ((schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties) is { } inner)
            {
                Node(value, inner, Join(path, name), old?[name]);
            }
        }
    }

    private void Array(JsonArray array, StructuralSchema schema, string path, JsonArray? old)
    {
        var rules = schema.Rules;
        if (rules.MinItems is { } min && array.Count < min)
        {
            Invalid(path, JsonValue.Create(array.Count), $"should have at least {min} items");
        }

        if (rules.MaxItems is { } max && array.Count > max)
        {
            _errors.Add(FieldError.TooMany(Field(path), array.Count, (int)max));
        }

        if (schema.Items is { } items)
        {
            for (var i = 0; i < array.Count; i++)
            {
                Node(array[i], items, $"{path}[{i}]", Counterpart(array[i], schema, old));
            }
        }
    }

    private void Combinations(JsonNode value, StructuralSchema schema, string path)
    {
        var rules = schema.Rules;
        if (ReferenceEquals(rules, ValueRules.None))
        {
            return;
        }

        foreach (var inner in rules.AllOf)
        {
            Node(value, inner, path, null);
        }

        if (rules.AnyOf.Count > 0 && !rules.AnyOf.Any(s => Fits(value, s, path)))
        {
            Combined(path, "must validate at least one schema (anyOf)");
            _errors.AddRange(Validate(value, rules.AnyOf[0], path));
        }

        var fitting = rules.OneOf.Count == 0 ? 1 : rules.OneOf.Count(s => Fits(value, s, path));
        if (fitting != 1)
        {
            Combined(path, "must validate one and only one schema (oneOf). " + (fitting == 0 ? "Found none valid" : $"Found {fitting} valid alternatives"));
        }

        if (rules.Not is { } not && Fits(value, not, path))
        {
            Combined(path, "must not validate the schema (not)");
        }
    }

    private static bool Fits(JsonNode value, StructuralSchema schema, string path) => Validate(value, schema, path).Count == 0;

    private void Combined(string path, string what) => _errors.Add(FieldError.Invalid(Field(path), "\"\"", $"\"{path}\" {what}"));

    private void Invalid(string path, JsonNode? value, string what) =>
        _errors.Add(FieldError.Invalid(Field(path), JsonKinds.Show(value), $"{path} in body {what}"));

    // The same item before the update, where items have keys.
    private static JsonObject? Counterpart(JsonNode? item, StructuralSchema schema, JsonArray? old)
    {
        if (old is null || schema.ListType != "map" || item is not JsonObject obj)
        {
            return null;
        }

        var key = ListKey(obj, schema);
        return old.OfType<JsonObject>().FirstOrDefault(o => ListKey(o, schema) == key);
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Field(string path) => path.Length == 0 ? "<nil>" : path;
}
