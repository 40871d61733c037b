using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Disruption;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>What the controllers of workloads must know of a pod.</summary>
internal sealed record WorkloadPod
{
    private const string Cost = "controller.kubernetes.io/pod-deletion-cost";

    // A revision of a pod is read once, however often its controllers look at it.
    private static readonly ConditionalWeakTable<StoredObject, WorkloadPod> Known = [];

    public required string Name { get; init; }

    public string Uid { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>UID of the object that controls it; null when nobody does.</summary>
    public string? Controller { get; init; }

    public bool IsDeleting { get; init; }

    public string Phase { get; init; } = "Pending";

    /// <summary>Empty until the scheduler has found one.</summary>
    public string Node { get; init; } = "";

    /// <summary>The node that it is made for, by its affinity; empty when it may be anywhere.</summary>
    public string PinnedNode { get; init; } = "";

    public bool IsReady { get; init; }

    /// <summary>Since when it is ready; null when it is not.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    public DateTimeOffset Created { get; init; }

    public long Restarts { get; init; }

    /// <summary>Pods of a lower cost go first.</summary>
    public long DeletionCost { get; init; }

    /// <summary>Nothing of it will run again.</summary>
    public bool IsFinished => Phase is "Succeeded" or "Failed";

    /// <summary>It counts as one of the pods that are wanted.</summary>
    public bool IsActive => !IsDeleting && !IsFinished;

    /// <summary>When it is or becomes available: ready for so long; null while it is not ready.</summary>
    public DateTimeOffset? AvailableAt(TimeSpan minReady) => IsReady ? (ReadySince ?? DateTimeOffset.MinValue) + minReady : null;

    public bool IsAvailable(TimeSpan minReady, DateTimeOffset now) => AvailableAt(minReady) <= now;

    public static WorkloadPod Of(StoredObject stored) => Known.GetValue(stored, static s => Of(s.ToJsonObject()));

    public static WorkloadPod Of(JsonObject pod)
    {
        var ready = (pod.At("status", "conditions") as JsonArray)?.FirstOrDefault(c => c.Text("type") == "Ready");
        var isReady = ready.Text("status") == "True";
        return new()
        {
            Name = pod.Name(),
            Uid = pod.Uid(),
            Labels = pod.Labels(),
            Controller = GuardedPod.ControllerOf(pod).Text("uid"),
            IsDeleting = pod.At("metadata", "deletionTimestamp") is not null,
            Phase = pod.Text("status", "phase") ?? "Pending",
            Node = pod.Text("spec", "nodeName") ?? "",
            PinnedNode = Pin(pod),
            IsReady = isReady,
            ReadySince = isReady ? Times.Parse(ready.Text("lastTransitionTime")) : null,
            Created = Times.Parse(pod.Text("metadata", "creationTimestamp")) ?? DateTimeOffset.MinValue,
            Restarts = (pod.At("status", "containerStatuses") as JsonArray ?? []).Sum(c => c.Integer("restartCount") ?? 0),
            DeletionCost = long.TryParse(pod.Text("metadata", "annotations", Cost), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0,
        };
    }

    private static string Pin(JsonObject pod)
    {
        var terms = pod.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms") as JsonArray;
        var field = (terms?.FirstOrDefault().At("matchFields") as JsonArray)?.FirstOrDefault(f => f.Text("key") == "metadata.name" && f.Text("operator") == "In");
        return (field.At("values") as JsonArray)?.FirstOrDefault().Text() ?? "";
    }
}
