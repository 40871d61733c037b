using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Schema;

/// <summary>Reads an <c>openAPIV3Schema</c> that passed the checks on CustomResourceDefinitions.</summary>
public static class StructuralSchemaParser
{
    public static StructuralSchema Parse(JsonObject schema)
    {
        var properties = new Dictionary<string, StructuralSchema>(StringComparer.Ordinal);
        if (schema["properties"] is JsonObject named)
        {
            foreach (var (name, property) in named)
            {
                if (property is JsonObject p)
                {
                    properties[name] = Parse(p);
                }
            }
        }

        return new StructuralSchema
        {
            Type = schema.Text("type") ?? "",
            Format = schema.Text("format") ?? "",
            Description = schema.Text("description") ?? "",
            Nullable = schema.Flag("nullable") ?? false,
            Default = schema["default"]?.DeepClone(),
            Properties = properties,
            AdditionalProperties = schema["additionalProperties"] switch
            {
                JsonObject o => Parse(o),
                JsonValue v when v.GetValueKind() == JsonValueKind.True => StructuralSchema.Anything,
                _ => null,
            },
            Items = schema["items"] is JsonObject items ? Parse(items) : null,
            Required = Texts(schema["required"]),
            Enum = schema["enum"] is JsonArray values ? [.. values.Select(v => v?.DeepClone())] : [],
            Rules = Rules(schema),
            Validations = [.. (schema["x-kubernetes-validations"] as JsonArray ?? []).OfType<JsonObject>().Select(ValidationRule.Parse)],
            PreserveUnknownFields = schema.Flag("x-kubernetes-preserve-unknown-fields") ?? false,
            EmbeddedResource = schema.Flag("x-kubernetes-embedded-resource") ?? false,
            IntOrString = schema.Flag("x-kubernetes-int-or-string") ?? false,
            ListType = schema.Text("x-kubernetes-list-type"),
            ListMapKeys = Texts(schema["x-kubernetes-list-map-keys"]),
            AtomicMap = schema.Text("x-kubernetes-map-type") == "atomic",
        };
    }

    /// <summary>
    /// A Go (RE2) pattern as .NET reads it; linear in time. Throws <see cref="ArgumentException"/> when it cannot be read.
    /// </summary>
    public static Regex Pattern(string pattern)
    {
        var text = pattern.Replace("(?P<", "(?<", StringComparison.Ordinal);

        // Go's $ is the end of the text, .NET's allows a newline after it.
        if (text.EndsWith('$') && !text.EndsWith("\\$", StringComparison.Ordinal))
        {
            text = text[..^1] + "\\z";
        }

        try
        {
            return new Regex(text, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException(e.Message, nameof(pattern), e);
        }
    }

    private static ValueRules Rules(JsonObject schema)
    {
        var pattern = schema.Text("pattern");
        var rules = new ValueRules
        {
            Minimum = Number(schema["minimum"]),
            Maximum = Number(schema["maximum"]),
            ExclusiveMinimum = schema.Flag("exclusiveMinimum") ?? false,
            ExclusiveMaximum = schema.Flag("exclusiveMaximum") ?? false,
            MultipleOf = Number(schema["multipleOf"]),
            MinLength = Count(schema["minLength"]),
            MaxLength = Count(schema["maxLength"]),
            MinItems = Count(schema["minItems"]),
            MaxItems = Count(schema["maxItems"]),
            MinProperties = Count(schema["minProperties"]),
            MaxProperties = Count(schema["maxProperties"]),
            Pattern = pattern,
            CompiledPattern = pattern is null ? null : Pattern(pattern),
            AllOf = All(schema["allOf"]),
            AnyOf = All(schema["anyOf"]),
            OneOf = All(schema["oneOf"]),
            Not = schema["not"] is JsonObject not ? Parse(not) : null,
        };

        // Lists are compared by reference, so that a node without rules shares the one empty record.
        return rules with { AllOf = ValueRules.None.AllOf, AnyOf = ValueRules.None.AnyOf, OneOf = ValueRules.None.OneOf } == ValueRules.None
            && rules.AllOf.Count + rules.AnyOf.Count + rules.OneOf.Count == 0
            ? ValueRules.None
            : rules;
    }

    private static IReadOnlyList<StructuralSchema> All(JsonNode? node) =>
        node is JsonArray array ? [.. array.OfType<JsonObject>().Select(Parse)] : [];

    private static List<string> Texts(JsonNode? node) =>
        node is JsonArray array ? [.. array.Select(v => v.Text()).OfType<string>()] : [];

    private static double? Number(JsonNode? node) => JsonKinds.Number(node);

    private static long? Count(JsonNode? node) => JsonKinds.Number(node) is { } n ? (long)n : null;
}
