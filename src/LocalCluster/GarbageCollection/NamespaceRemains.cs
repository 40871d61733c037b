using System.Text.Json.Nodes;
using Godwit.LocalCluster.Crd;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>What is left of a namespace's content, as its conditions tell.</summary>
internal sealed record NamespaceRemains(IReadOnlyList<StoredObject> Objects)
{
    /// <summary>Sets the five conditions of a namespace that is being deleted.</summary>
    public void Describe(JsonObject status, Func<string, string> resourceName, DateTimeOffset now)
    {
        CrdConditions.Set(status, "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered", now);
        CrdConditions.Set(status, "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
        CrdConditions.Set(status, "NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now);
        var byResource = Objects.GroupBy(o => o.Key.Resource, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{resourceName(g.Key)} has {g.Count()} resource instances").ToList();
        var byFinalizer = Objects.SelectMany(o => CrdNames.Texts(o.ToJsonObject().At("metadata", "finalizers")))
            .GroupBy(f => f, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{g.Key} in {g.Count()} resource instances").ToList();
        Set(status, "NamespaceContentRemaining", byResource, "SomeResourcesRemain", "Some resources are remaining: ", "ContentRemoved", "All content successfully removed", now);
        Set(status, "NamespaceFinalizersRemaining", byFinalizer, "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: ", "ContentHasNoFinalizers", "All content-preserving finalizers finished", now);
    }

    private static void Set(JsonObject status, string type, List<string> left, string reason, string message, string done, string doneMessage, DateTimeOffset now) =>
        _ = left.Count > 0
            ? CrdConditions.Set(status, type, "True", reason, message + string.Join(", ", left), now)
            : CrdConditions.Set(status, type, "False", done, doneMessage, now);
}
