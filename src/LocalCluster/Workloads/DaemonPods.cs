using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>The pods of a daemon set: one made for a node, that bears more than others. Pure.</summary>
internal static class DaemonPods
{
    /// <summary>The label that tells the pods of a template from those of another.</summary>
    public const string HashLabel = "controller-revision-hash";

    public const string GenerationLabel = "pod-template-generation";

    private static readonly (string Key, string Effect)[] Borne =
    [
        ("node.kubernetes.io/not-ready", "NoExecute"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
        ("node.kubernetes.io/disk-pressure", "NoSchedule"),
        ("node.kubernetes.io/memory-pressure", "NoSchedule"),
        ("node.kubernetes.io/pid-pressure", "NoSchedule"),
        ("node.kubernetes.io/unschedulable", "NoSchedule"),
    ];

    /// <summary>A pod of the template for no node yet.</summary>
    public static JsonObject Pod(JsonObject set)
    {
        var pod = PodTemplates.Pod(set, set.At("spec", "template"));
        var spec = pod.Ensure("spec");
        if (spec["tolerations"] is not JsonArray tolerations)
        {
            spec["tolerations"] = tolerations = [];
        }

        foreach (var (key, effect) in spec.Flag("hostNetwork") == true ? [.. Borne, ("node.kubernetes.io/network-unavailable", "NoSchedule")] : Borne)
        {
            var wanted = new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = effect };
            if (!tolerations.Any(t => JsonNode.DeepEquals(t, wanted)))
            {
                tolerations.Add((JsonNode)wanted);
            }
        }

        return pod;
    }

    /// <summary>The pod for one node; the scheduler is to put it nowhere else.</summary>
    public static JsonObject For(JsonObject set, string node, string hash, string? generation)
    {
        var pod = Pod(set);
        var labels = pod.Ensure("metadata", "labels");
        labels[HashLabel] = hash;
        if (generation is not null)
        {
            labels[GenerationLabel] = generation;
        }

        var required = pod.Ensure("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
        if (required["nodeSelectorTerms"] is not JsonArray { Count: > 0 } terms)
        {
            required["nodeSelectorTerms"] = terms = new JsonArray(new JsonObject());
        }

        foreach (var term in terms.OfType<JsonObject>())
        {
            term["matchFields"] = new JsonArray(new JsonObject { ["key"] = "metadata.name", ["operator"] = "In", ["values"] = new JsonArray(node) });
        }

        return pod;
    }
}
