using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>How an object is marked for deletion, and when it may go.</summary>
internal static class DeletionRules
{
    private const string Orphan = "orphan";
    private const string Foreground = "foregroundDeletion";

    /// <summary>Begins the object's deletion, in place: timestamp, grace, and the finalizers that the propagation policy asks for.</summary>
    public static JsonObject Mark(ResourceTarget target, JsonObject marked, DeletionOptions options, long? grace, DateTimeOffset now)
    {
        var metadata = (JsonObject)marked["metadata"]!;
        SetFinalizers(metadata, options);
        var seconds = Math.Max(0, grace ?? 0);
        var already = metadata["deletionTimestamp"] is not null ? metadata.Integer("deletionGracePeriodSeconds") ?? 0 : (long?)null;
        if (already is null || seconds < already)
        {
            // The timestamp says when the grace ends; a second, shorter request moves it forward, never back.
            metadata["deletionTimestamp"] = ResourceOperations.Timestamp(now.AddSeconds(seconds));
            if (!target.Resource.Strategy.HasOwnDeletion)
            {
                metadata["deletionGracePeriodSeconds"] = seconds;
            }
        }

        if (already is null && !target.Resource.Strategy.HasOwnDeletion && (target.Resource.Custom || target.Resource.Strategy.CountsGeneration))
        {
            metadata["generation"] = (metadata.Integer("generation") ?? 0) + 1;
        }

        if (target.Resource.QualifiedName == "namespaces")
        {
            (marked["status"] as JsonObject ?? (JsonObject)(marked["status"] = new JsonObject()))["phase"] = "Terminating";
        }

        return marked;
    }

    /// <summary>Nothing holds the object any more.</summary>
    public static bool IsFinished(JsonObject obj)
    {
        var metadata = (JsonObject)obj["metadata"]!;
        return metadata["deletionTimestamp"] is not null
            && metadata["finalizers"] is not JsonArray { Count: > 0 }
            && (metadata.Integer("deletionGracePeriodSeconds") ?? 0) == 0
            && !(ResourceOperations.Text(obj, "kind") == "Namespace" && obj["spec"]?["finalizers"] is JsonArray { Count: > 0 });
    }

    /// <summary>What goes at once was never seen to be going: it leaves as it was.</summary>
    public static void Unmark(JsonObject marked, JsonObject old)
    {
        var metadata = (JsonObject)marked["metadata"]!;
        metadata.Remove("deletionTimestamp");
        metadata.Remove("deletionGracePeriodSeconds");
        if (old["metadata"]!["generation"] is { } generation)
        {
            metadata["generation"] = generation.DeepClone();
        }
        else
        {
            metadata.Remove("generation");
        }
    }

    private static void SetFinalizers(JsonObject metadata, DeletionOptions options)
    {
        var finalizers = (metadata["finalizers"] as JsonArray)?.Select(f => f!.GetValue<string>()).ToList() ?? [];
        var (orphan, foreground) = options switch
        {
            { OrphanDependents: { } o } => (o, false),
            { PropagationPolicy: { } policy } => (policy == "Orphan", policy == "Foreground"),
            // Without a wish what an earlier request asked for stays.
            _ => (finalizers.Contains(Orphan), finalizers.Contains(Foreground)),
        };
        var wanted = finalizers.Where(f => f is not (Orphan or Foreground)).ToList();
        if (orphan)
        {
            wanted.Add(Orphan);
        }

        if (foreground)
        {
            wanted.Add(Foreground);
        }

        if (wanted.Count > 0)
        {
            metadata["finalizers"] = new JsonArray([.. wanted.Select(JsonNode (f) => JsonValue.Create(f))]);
        }
        else
        {
            metadata.Remove("finalizers");
        }
    }
}
