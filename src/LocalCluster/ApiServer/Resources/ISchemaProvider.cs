using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>The schema of one version of one resource: decoding, defaults, validation. Implementations are immutable and shared.</summary>
public interface ISchemaProvider
{
    /// <summary>The root, for strategic merge and server-side apply; null when the schema is open.</summary>
    ISchemaNode? Root { get; }

    /// <summary>Removes fields that the schema does not know, in place.</summary>
    DecodeResult Decode(JsonObject obj);

    /// <summary>Fills in defaults, in place; runs after <see cref="Decode"/> on requests and on what the store returns.</summary>
    void Default(JsonObject obj);

    /// <summary>All schema errors of the object; <paramref name="old"/> is given on updates (transition rules, ratcheting).</summary>
    IReadOnlyList<FieldError> Validate(JsonObject obj, JsonObject? old);
}
