using System.Text.Json.Nodes;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.OpenApi;

/// <summary>Writes built-in types as components of an OpenAPI document, with everything they refer to.</summary>
internal sealed class OpenApiSchemas
{
    private const string Components = "#/components/schemas/";

    public JsonObject Schemas { get; } = [];

    /// <summary>A reference to a type, which is added to the components when it is new.</summary>
    public JsonObject Reference(string typeName)
    {
        if (!Schemas.ContainsKey(typeName))
        {
            Schemas[typeName] = null;
            Schemas[typeName] = Definition(BuiltInSchemas.Type(typeName));
        }

        return new JsonObject { ["$ref"] = Components + typeName };
    }

    /// <summary>Adds a component that is no built-in type.</summary>
    public JsonObject Add(string name, JsonObject schema)
    {
        Schemas[name] = schema;
        return new JsonObject { ["$ref"] = Components + name };
    }

    public JsonObject Definition(StructuralSchema schema)
    {
        var result = Inline(schema, true);
        if (schema.Properties.Count > 0)
        {
            var properties = new JsonObject();
            foreach (var (name, property) in schema.Properties.OrderBy(p => p.Key, StringComparer.Ordinal))
            {
                properties[name] = Property(property);
            }

            result["properties"] = properties;
        }

        if (schema.Required.Count > 0)
        {
            result["required"] = new JsonArray([.. schema.Required.Select(r => (JsonNode?)r)]);
        }

        return result;
    }

    private JsonObject Property(StructuralSchema schema)
    {
        if (schema.TypeName is null)
        {
            return Inline(schema, false);
        }

        var result = new JsonObject { ["allOf"] = new JsonArray(Reference(schema.TypeName)) };
        Decorate(schema, result);
        if (schema.Description.Length == 0 && BuiltInSchemas.Type(schema.TypeName).Description is { Length: > 0 } ofType)
        {
            result["description"] = ofType;
        }

        return result;
    }

    private JsonObject Inline(StructuralSchema schema, bool isDefinition)
    {
        if (schema.TypeName is { } name && !isDefinition)
        {
            return Reference(name);
        }

        var result = new JsonObject();
        if (schema.IntOrString || schema.Format == "quantity")
        {
            result["oneOf"] = new JsonArray(new JsonObject { ["type"] = schema.IntOrString ? "integer" : "number" }, new JsonObject { ["type"] = "string" });
        }
        else if (schema.Type.Length > 0)
        {
            result["type"] = schema.Type;
        }

        if (schema.Format.Length > 0 && schema.Format != "quantity")
        {
            result["format"] = schema.Format;
        }

        if (schema.Items is { } items)
        {
            result["items"] = Inline(items, false);
        }

        if (schema.AdditionalProperties is { } values)
        {
            result["additionalProperties"] = Inline(values, false);
        }

        if (schema is { Type: "object", PreserveUnknownFields: true })
        {
            result["x-kubernetes-preserve-unknown-fields"] = true;
        }

        Decorate(schema, result);
        return result;
    }

    private static void Decorate(StructuralSchema schema, JsonObject result)
    {
        if (schema.Description.Length > 0)
        {
            result["description"] = schema.Description;
        }

        if (schema.Enum.Count > 0)
        {
            result["enum"] = new JsonArray([.. schema.Enum.Select(e => e?.DeepClone())]);
        }

        if (schema.Default is { } value)
        {
            result["default"] = value.DeepClone();
        }

        if (schema.ListType is { } listType)
        {
            result["x-kubernetes-list-type"] = listType;
        }

        if (schema.ListMapKeys.Count > 0)
        {
            result["x-kubernetes-list-map-keys"] = new JsonArray([.. schema.ListMapKeys.Select(k => (JsonNode?)k)]);
        }

        if (schema.AtomicMap)
        {
            result["x-kubernetes-map-type"] = "atomic";
        }

        if (schema.PatchMergeKey is { } key)
        {
            result["x-kubernetes-patch-merge-key"] = key;
        }

        if (schema.PatchStrategy is { } strategy)
        {
            result["x-kubernetes-patch-strategy"] = strategy;
        }
    }
}
