using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Cli.Install;

/// <summary>Whether what was brought into the API works by now, and if not why. Pure.</summary>
public static class Rollout
{
    /// <summary>What is lacking of an object; null when it is ready, or is of a kind that is ready at once.</summary>
    /// <param name="object">The object as it is.</param>
    /// <param name="pods">The pods of the namespace, which say why a workload is not ready.</param>
    public static string? Lacking(JsonObject @object, IReadOnlyList<JsonObject> pods) => @object.Text("kind") switch
    {
        "CustomResourceDefinition" => Condition(@object, "Established"),
        "APIService" => Condition(@object, "Available"),
        "KubeVirt" => Condition(@object, "Available"),
        "Deployment" => Workload(
            @object, pods, @object.Integer("spec", "replicas") ?? 1, @object.Integer("status", "updatedReplicas") ?? 0, @object.Integer("status", "availableReplicas") ?? 0),
        "DaemonSet" => Workload(
            @object,
            pods,
            @object.Integer("status", "desiredNumberScheduled") ?? 0,
            @object.Integer("status", "updatedNumberScheduled") ?? 0,
            @object.Integer("status", "numberAvailable") ?? 0),
        _ => null,
    };

    /// <summary>
    /// What is brought in one after the other, each when the one before works. virt-controller comes last: the pods that it
    /// makes are for agents of its own version, while these know older pods too.
    /// </summary>
    public static IReadOnlyList<ManifestSet> Stages(ManifestSet manifests) =>
    [
        new([.. manifests.Objects.Where(static o => !IsController(o))]),
        new([.. manifests.Objects.Where(IsController)]),
    ];

    /// <summary>Kinds that take a while.</summary>
    public static bool IsAwaited(JsonObject @object) =>
        @object.Text("kind") is "CustomResourceDefinition" or "APIService" or "KubeVirt" or "Deployment" or "DaemonSet";

    private static bool IsController(JsonObject @object) => @object.Text("kind") == "Deployment" && @object.Name() == "virt-controller";

    private static string? Condition(JsonObject @object, string type)
    {
        var condition = (@object.At("status", "conditions") as JsonArray ?? []).FirstOrDefault(c => c.Text("type") == type);
        return condition.Text("status") == "True" ? null : condition.Text("message") ?? $"it is not {type} yet";
    }

    private static string? Workload(JsonObject workload, IReadOnlyList<JsonObject> pods, long wanted, long updated, long available)
    {
        if (workload.Integer("status", "observedGeneration") is not { } seen || seen < workload.Integer("metadata", "generation"))
        {
            return "no controller has looked at it yet";
        }

        if (updated >= wanted && available >= wanted)
        {
            return null;
        }

        var selector = LabelSelector.FromJson(workload.At("spec", "selector"));
        var why = pods.Where(p => selector.Matches(p.Labels())).Select(Trouble).OfType<string>().Distinct(StringComparer.Ordinal).Take(3).ToList();
        return $"{Math.Min(updated, available)} of {wanted} pods are ready{(why.Count > 0 ? $" ({string.Join("; ", why)})" : "")}";
    }

    private static string? Trouble(JsonObject pod)
    {
        var unscheduled = (pod.At("status", "conditions") as JsonArray ?? [])
            .FirstOrDefault(static c => c.Text("type") == "PodScheduled" && c.Text("status") == "False").Text("message");
        var waiting = (pod.At("status", "containerStatuses") as JsonArray ?? [])
            .Select(static c => c.At("state", "waiting"))
            .FirstOrDefault(static w => w.Text("reason") is not (null or "ContainerCreating" or "PodInitializing"));
        return unscheduled is not null ? $"{pod.Name()}: {unscheduled}"
            : waiting is not null ? $"{pod.Name()}: {waiting.Text("reason")}{(waiting.Text("message") is { } m ? $": {m}" : "")}"
            : null;
    }
}
