using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Godwit.Types;

namespace Godwit.Crds;

/// <summary>
/// The structural OpenAPI schema of an API type, read off its serialization contract, so that schema and wire format
/// cannot drift apart. What the contract cannot say (required fields, ranges) is in <see cref="Overrides"/>.
/// </summary>
internal static class StructuralSchema
{
    public static JsonObject Of(Type type)
    {
        var contract = TypesJson.Default.GetTypeInfo(type)
            ?? throw new InvalidOperationException($"{type.Name} is not in {nameof(TypesJson)}");
        if (contract.Kind != JsonTypeInfoKind.Object)
        {
            return Scalar(type);
        }

        if (Overrides.Opaque.Contains(type))
        {
            return Describe(Opaque(), Documentation.Of(type));
        }

        var schema = Describe(new JsonObject { ["type"] = "object" }, Documentation.Of(type));
        var properties = new JsonObject();
        foreach (var property in contract.Properties.Where(property => !property.IsExtensionData))
        {
            properties[property.Name] = Property(type, property);
        }

        if (properties.Count > 0)
        {
            schema["properties"] = properties;
        }

        if (Overrides.Required.TryGetValue(type, out var required))
        {
            schema["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]);
        }

        return schema;
    }

    private static JsonObject Property(Type owner, JsonPropertyInfo property)
    {
        if (property.PropertyType == typeof(ObjectMeta))
        {
            // An object's own metadata is known to every API server; that of a template would be pruned away.
            return typeof(ApiObject).IsAssignableFrom(owner) ? new JsonObject { ["type"] = "object" } : Opaque();
        }

        var schema = property.CustomConverter switch
        {
            ScalarTextConverter => Quantity(),
            QuantityMapConverter => Map(Quantity()),
            _ => Value(property.PropertyType),
        };
        if (Overrides.Ranges.TryGetValue((owner, property.Name), out var range))
        {
            schema["minimum"] = range.Min;
            if (range.Max is { } max)
            {
                schema["maximum"] = max;
            }
        }

        if (Overrides.Values.TryGetValue((owner, property.Name), out var value))
        {
            schema["default"] = value;
        }

        return Describe(schema, Documentation.Of(property));
    }

    private static JsonObject Value(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new JsonObject { ["type"] = "array", ["items"] = Value(type.GetGenericArguments()[0]) };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            return Map(Value(type.GetGenericArguments()[1]));
        }

        return typeof(ApiPart).IsAssignableFrom(type) ? Of(type) : Scalar(type);
    }

    private static JsonObject Scalar(Type type) => type switch
    {
        _ when type == typeof(string) => new JsonObject { ["type"] = "string" },
        _ when type == typeof(bool) => new JsonObject { ["type"] = "boolean" },
        _ when type == typeof(int) => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
        _ when type == typeof(long) => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
        _ when type == typeof(double) => new JsonObject { ["type"] = "number", ["format"] = "double" },
        _ when type == typeof(DateTimeOffset) => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        _ when type == typeof(JsonElement) => Opaque(),
        _ => throw new NotSupportedException($"no schema is known for {type}"),
    };

    private static JsonObject Opaque() =>
        new() { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };

    private static JsonObject Map(JsonObject value) =>
        new() { ["type"] = "object", ["additionalProperties"] = value };

    // Without the usual pattern: admission says in words what is wrong with a quantity, a pattern cannot.
    private static JsonObject Quantity() => new()
    {
        ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }),
        ["x-kubernetes-int-or-string"] = true,
    };

    private static JsonObject Describe(JsonObject schema, string? description)
    {
        if (description is not null)
        {
            schema.Remove("description");
            schema.Insert(0, "description", description);
        }

        return schema;
    }
}
