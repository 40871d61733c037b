using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Disruption;

/// <summary>A budget and what it guards, at one revision.</summary>
internal sealed record DisruptionFacts(JsonObject Budget, DateTimeOffset Now)
{
    /// <summary>The pods of its namespace that its selector matches.</summary>
    public IReadOnlyList<GuardedPod> Pods { get; init; } = [];

    /// <summary>What the pods' controllers want, by UID.</summary>
    public IReadOnlyDictionary<string, ControllerScale> Scales { get; init; } = new Dictionary<string, ControllerScale>(StringComparer.Ordinal);

    /// <summary>Why the pods cannot be told; null when they can.</summary>
    public string? Problem { get; init; }
}
