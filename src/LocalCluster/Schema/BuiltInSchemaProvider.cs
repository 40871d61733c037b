using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.Schema;

/// <summary>The schema of one built-in kind: decodes as a typed server would, with Go's sentences for wrong types.</summary>
public sealed class BuiltInSchemaProvider(string apiVersion, string kind, StructuralSchema schema) : ISchemaProvider
{
    public ISchemaNode? Root => schema;

    public DecodeResult Decode(JsonObject obj)
    {
        var unknown = new List<string>();
        return new DecodeResult(unknown, BuiltInDecoder.Decode(obj, schema, unknown));
    }

    public void Default(JsonObject obj)
    {
        SchemaDefaulter.Apply(obj, schema);
        BuiltInDefaults.Apply(apiVersion, kind, obj);
    }

    /// <summary>Definitions of custom resources have rules of their own, which say the same and more.</summary>
    public IReadOnlyList<FieldError> Validate(JsonObject obj, JsonObject? old) =>
        kind == "CustomResourceDefinition" ? [] : BuiltInValidator.Validate(obj, schema, old);
}
