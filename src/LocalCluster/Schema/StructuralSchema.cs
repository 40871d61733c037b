using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.Schema;

/// <summary>
/// One node of a schema, in the form that pruning, defaulting, validation and merging walk. Nodes of built-in types share the
/// property tables of the type they name, so that types may contain themselves.
/// </summary>
public sealed class StructuralSchema : ISchemaNode
{
    // Before Anything, which uses it.
    private static readonly Dictionary<string, StructuralSchema> NoProperties = [];

    public static readonly StructuralSchema Anything = new() { PreserveUnknownFields = true };

    /// <summary>object, array, string, integer, number, boolean; empty when any is allowed.</summary>
    public string Type { get; init; } = "";

    public string Format { get; init; } = "";

    public string Description { get; init; } = "";

    public bool Nullable { get; init; }

    public JsonNode? Default { get; init; }

    /// <summary>Fields by name, in the order of the schema.</summary>
    public IReadOnlyDictionary<string, StructuralSchema> Properties { get; init; } = NoProperties;

    public StructuralSchema? AdditionalProperties { get; init; }

    public StructuralSchema? Items { get; init; }

    public IReadOnlyCollection<string> Required { get; init; } = [];

    public IReadOnlyList<JsonNode?> Enum { get; init; } = [];

    public ValueRules Rules { get; init; } = ValueRules.None;

    /// <summary>Rules in the Common Expression Language.</summary>
    public IReadOnlyList<ValidationRule> Validations { get; init; } = [];

    /// <summary>Whether this node or one below it has such rules.</summary>
    public bool HasValidations =>
        Validations.Count > 0 || Items?.HasValidations == true || AdditionalProperties?.HasValidations == true
        || Properties.Values.Any(static p => p.HasValidations);

    public bool PreserveUnknownFields { get; init; }

    public bool EmbeddedResource { get; init; }

    public bool IntOrString { get; init; }

    public string? ListType { get; init; }

    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    public bool AtomicMap { get; init; }

    public bool AlwaysThere { get; init; }

    public bool ZeroCounts { get; init; }

    public string? PatchMergeKey { get; init; }

    public string? PatchStrategy { get; init; }

    /// <summary>Full name of the built-in type (<c>io.k8s.api.core.v1.PodSpec</c>); null for what has no name.</summary>
    public string? TypeName { get; init; }

    ISchemaNode? ISchemaNode.Items => Items;

    public ISchemaNode? Property(string name) => Properties.GetValueOrDefault(name) ?? AdditionalProperties;
}
