using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.Schema;

/// <summary>The schema of one version of a custom resource.</summary>
public sealed class CustomSchemaProvider(StructuralSchema schema, JsonObject source) : ISchemaProvider
{
    private readonly bool _hasValidations = schema.HasValidations;

    // Merging must know the metadata of an object too, which the definition's schema does not describe.
    private readonly StructuralSchema _root = new()
    {
        Type = "object",
        Properties = new Dictionary<string, StructuralSchema>(schema.Properties, StringComparer.Ordinal) { ["metadata"] = BuiltInSchemas.ObjectMeta },
        AdditionalProperties = schema.AdditionalProperties,
        PreserveUnknownFields = schema.PreserveUnknownFields,
    };

    /// <summary>The schema as the definition gives it. Not to be changed.</summary>
    public JsonObject Source => source;

    public ISchemaNode? Root => _root;

    public DecodeResult Decode(JsonObject obj)
    {
        var error = obj["metadata"] is { } metadata ? BuiltInDecoder.CheckTypes(metadata, BuiltInSchemas.ObjectMeta, "metadata") : null;
        return new DecodeResult(SchemaPruner.Prune(obj, schema), error);
    }

    public void Default(JsonObject obj) => SchemaDefaulter.Apply(obj, schema);

    public IReadOnlyList<FieldError> Validate(JsonObject obj, JsonObject? old)
    {
        var errors = SchemaValidator.Validate(obj, schema, "", old, out var fits);
        if (!_hasValidations)
        {
            return errors;
        }

        // A rule may take for granted what the schema says.
        return fits
            ? [.. errors, .. SchemaValidator.CheckRules(obj, schema, "", old)]
            : [.. errors, FieldError.Invalid("<nil>", "null", "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")];
    }
}
