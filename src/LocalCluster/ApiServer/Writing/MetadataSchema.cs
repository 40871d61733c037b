using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>How the lists of metadata merge, whatever the kind.</summary>
internal sealed class MetadataSchema : ISchemaNode
{
    private static readonly MetadataSchema Finalizers = new() { ListType = "set" };
    private static readonly MetadataSchema Owners = new() { ListType = "map", ListMapKeys = ["uid"], Items = new MetadataSchema { AtomicMap = true } };

    /// <summary>The fields that clients may own; the rest is the server's.</summary>
    public static IReadOnlyList<string> Owned { get; } = ["labels", "annotations", "finalizers", "ownerReferences", "generateName"];

    public JsonNode? Default => null;

    public ISchemaNode? Items { get; private init; }

    public string? ListType { get; private init; }

    public IReadOnlyList<string> ListMapKeys { get; private init; } = [];

    public string? PatchMergeKey => null;

    public string? PatchStrategy => null;

    public bool AtomicMap { get; private init; }

    public bool AlwaysThere => false;

    public bool ZeroCounts => false;

    public ISchemaNode? Property(string name) => null;

    public static ISchemaNode? Field(string name) => name switch
    {
        "finalizers" => Finalizers,
        "ownerReferences" => Owners,
        _ => null,
    };
}
