using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>The saved templates of a daemon set, to which <c>kubectl rollout undo</c> goes back: pure.</summary>
internal static class DaemonRevisions
{
    /// <summary>What is saved: a patch that brings the template back.</summary>
    public static JsonObject Data(JsonObject set)
    {
        var template = (JsonObject)(set.At("spec", "template")?.DeepClone() ?? new JsonObject());
        template["$patch"] = "replace";
        return new JsonObject { ["spec"] = new JsonObject { ["template"] = template } };
    }

    /// <summary>The hash of the present template.</summary>
    public static string Hash(JsonObject set) => PodTemplates.Hash(Data(set), set.Integer("status", "collisionCount"));

    public static DaemonRevisionPlan Decide(JsonObject set, IReadOnlyList<JsonObject> saved, IReadOnlyList<WorkloadPod> pods)
    {
        var data = Data(set);
        var same = saved.Where(r => JsonNode.DeepEquals(r["data"], data)).OrderByDescending(Number).ToList();
        var current = same.FirstOrDefault();
        var highest = saved.Where(r => r != current).Select(Number).DefaultIfEmpty().Max();
        var hash = current?.Text("metadata", "labels", DaemonPods.HashLabel) ?? Hash(set);
        var used = pods.Select(p => p.Labels.GetValueOrDefault(DaemonPods.HashLabel)).ToHashSet(StringComparer.Ordinal);
        var old = saved.Where(r => r != current && !used.Contains(r.Text("metadata", "labels", DaemonPods.HashLabel))).OrderBy(Number).ToList();
        var live = saved.Count(r => r != current) - old.Count;
        var keep = Math.Max(0, (set.Integer("spec", "revisionHistoryLimit") ?? 10) - live);
        return new(hash)
        {
            Creation = current is null ? Revision(set, data, hash, highest + 1) : null,
            Renumbered = current is not null && Number(current) < highest ? (current, highest + 1) : null,
            Deletions = [.. old.Take((int)Math.Max(0, old.Count - keep))],
        };
    }

    private static JsonObject Revision(JsonObject set, JsonObject data, string hash, long number)
    {
        var labels = (JsonObject)(set.At("spec", "template", "metadata", "labels")?.DeepClone() ?? new JsonObject());
        labels[DaemonPods.HashLabel] = hash;
        var metadata = new JsonObject { ["name"] = $"{set.Name()}-{hash}", ["namespace"] = set.Namespace(), ["labels"] = labels };
        if (set.At("metadata", "annotations") is { } annotations)
        {
            metadata["annotations"] = annotations.DeepClone();
        }

        metadata["ownerReferences"] = new JsonArray(OwnedObjects.Reference(set));
        return new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "ControllerRevision", ["metadata"] = metadata, ["data"] = data, ["revision"] = number };
    }

    private static long Number(JsonNode revision) => revision.Integer("revision") ?? 0;
}
