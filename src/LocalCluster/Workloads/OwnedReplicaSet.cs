using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>A replica set of a deployment while it is decided what becomes of it: as it was read, and as it is to be.</summary>
internal sealed class OwnedReplicaSet(JsonObject original)
{
    /// <summary>As it is to be.</summary>
    public JsonObject Object { get; } = original.Clone();

    public string Name => original.Name();

    public string Uid => original.Uid();

    public DateTimeOffset Created { get; } = Times.Parse(original.Text("metadata", "creationTimestamp")) ?? DateTimeOffset.MinValue;

    public bool IsDeleting => original.At("metadata", "deletionTimestamp") is not null;

    public bool IsChanged => !JsonNode.DeepEquals(original, Object);

    /// <summary>How many pods it is to have.</summary>
    public long Wanted
    {
        get => Object.Integer("spec", "replicas") ?? 1;
        set => Object.Ensure("spec")["replicas"] = value;
    }

    public bool IsActive => Wanted > 0;

    public long Replicas => original.Integer("status", "replicas") ?? 0;

    public long Ready => original.Integer("status", "readyReplicas") ?? 0;

    public long Available => original.Integer("status", "availableReplicas") ?? 0;

    /// <summary>Null until its controller has looked at it.</summary>
    public long? Terminating => original.Integer("status", "terminatingReplicas");

    /// <summary>Its controller knows of its latest spec.</summary>
    public bool IsObserved => (original.Integer("status", "observedGeneration") ?? 0) >= (original.Integer("metadata", "generation") ?? 0);

    /// <summary>Which state of the deployment it is; 0 when that is not written on it.</summary>
    public long Revision => Number(RolloutNotes.Revision) ?? 0;

    /// <summary>A number in an annotation.</summary>
    public long? Number(string annotation) =>
        long.TryParse(Object.Text("metadata", "annotations", annotation), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
