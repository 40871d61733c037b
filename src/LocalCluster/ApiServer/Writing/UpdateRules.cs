using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>What an update may touch: the object or its status, never what the server keeps.</summary>
internal static class UpdateRules
{
    private static readonly string[] SystemFields =
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "generateName", "namespace", "name"];

    /// <summary>Through /status only the status changes, through the resource itself everything else.</summary>
    public static JsonObject Limit(ResourceTarget target, JsonObject candidate, JsonObject old)
    {
        if (target.Subresource == "status")
        {
            var limited = (JsonObject)old.DeepClone();
            Copy(candidate, limited, "status");
            Copy((JsonObject)candidate["metadata"]!, (JsonObject)limited["metadata"]!, "managedFields");
            if (!target.Resource.Custom)
            {
                // Built-in kinds let labels and annotations through here: a kubelet labels its node together with its status.
                var metadata = (JsonObject)limited["metadata"]!;
                Copy((JsonObject)candidate["metadata"]!, metadata, "labels");
                Copy((JsonObject)candidate["metadata"]!, metadata, "annotations");
                Copy((JsonObject)candidate["metadata"]!, metadata, "finalizers");
            }

            return limited;
        }

        if (target.Subresource == "finalize")
        {
            var limited = (JsonObject)old.DeepClone();
            Copy(candidate, limited, "spec");
            Copy((JsonObject)candidate["metadata"]!, (JsonObject)limited["metadata"]!, "managedFields");
            return limited;
        }

        if (target.Version.HasStatus && target.Subresource is null)
        {
            Copy(old, candidate, "status");
        }

        return candidate;
    }

    /// <summary>Puts the server's own metadata back.</summary>
    public static void KeepSystemMetadata(JsonObject candidate, JsonObject old)
    {
        var metadata = Decoding.Metadata(candidate);
        var kept = (JsonObject)old["metadata"]!;
        foreach (var name in SystemFields)
        {
            Copy(kept, metadata, name);
        }
    }

    /// <summary>A change outside metadata and status makes a new generation.</summary>
    public static void CountGeneration(ResourceTarget target, JsonObject candidate, JsonObject old)
    {
        // To be given a node is no change of what a pod is to be.
        if (target.Subresource == "binding" || (!target.Resource.Custom && !target.Resource.Strategy.CountsGeneration))
        {
            return;
        }

        var ignoresStatus = target.Version.HasStatus || !target.Resource.Custom;
        var names = candidate.Select(p => p.Key).Union(old.Select(p => p.Key), StringComparer.Ordinal);
        var changed = names.Any(n => n != "metadata" && !(n == "status" && ignoresStatus) && !JsonNode.DeepEquals(candidate[n], old[n]));
        if (changed)
        {
            var generation = old.Integer("metadata", "generation") ?? 0;
            candidate["metadata"]!["generation"] = generation + 1;
        }
    }

    private static void Copy(JsonObject from, JsonObject to, string name)
    {
        if (from[name] is { } value)
        {
            to[name] = value.DeepClone();
        }
        else
        {
            to.Remove(name);
        }
    }
}
