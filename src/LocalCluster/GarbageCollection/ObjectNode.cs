using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>What collection must know of one object.</summary>
internal sealed record ObjectNode(StoreKey Key, string Uid, IReadOnlyList<OwnerReference> Owners, bool Deleting, IReadOnlyList<string> Finalizers)
{
    public const string Orphan = "orphan";
    public const string Foreground = "foregroundDeletion";

    /// <summary>Its deletion waits for that of its dependents.</summary>
    public bool WaitsForDependents => Deleting && Finalizers.Contains(Foreground);

    public bool LetsDependentsGo => Deleting && Finalizers.Contains(Orphan);

    public static ObjectNode Read(StoredObject stored)
    {
        var metadata = stored.ToJsonObject()["metadata"];
        var owners = (metadata.At("ownerReferences") as JsonArray)?.Select(o => new OwnerReference(
            o.Text("apiVersion") ?? "", o.Text("kind") ?? "", o.Text("uid") ?? "", o.Flag("blockOwnerDeletion") ?? false)).ToList() ?? [];
        return new ObjectNode(
            stored.Key,
            metadata.Text("uid") ?? "",
            owners,
            metadata.At("deletionTimestamp") is not null,
            (metadata.At("finalizers") as JsonArray)?.Select(f => f.Text()).OfType<string>().ToList() ?? []);
    }
}
