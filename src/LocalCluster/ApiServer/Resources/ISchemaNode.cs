using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>A place in a schema, as far as merging must know it.</summary>
public interface ISchemaNode
{
    /// <summary>The property's node, or the node of additionalProperties; null where the schema says nothing.</summary>
    ISchemaNode? Property(string name);

    /// <summary>The node of a list's items.</summary>
    ISchemaNode? Items { get; }

    /// <summary>What stands for it when it is left out; null for nothing.</summary>
    JsonNode? Default { get; }

    /// <summary><c>x-kubernetes-list-type</c>: atomic, set or map; null when not given (atomic).</summary>
    string? ListType { get; }

    /// <summary><c>x-kubernetes-list-map-keys</c>.</summary>
    IReadOnlyList<string> ListMapKeys { get; }

    /// <summary><c>x-kubernetes-patch-merge-key</c>.</summary>
    string? PatchMergeKey { get; }

    /// <summary><c>x-kubernetes-patch-strategy</c>: merge, replace, retainKeys, comma-separated.</summary>
    string? PatchStrategy { get; }

    /// <summary>An object that is replaced as a whole (<c>x-kubernetes-map-type: atomic</c>).</summary>
    bool AtomicMap { get; }

    /// <summary>A part that a built-in kind has even when nothing is in it: only what is in it can be new.</summary>
    bool AlwaysThere { get; }

    /// <summary>Whether a built-in kind tells 0, false and "" here from nothing.</summary>
    bool ZeroCounts { get; }
}
