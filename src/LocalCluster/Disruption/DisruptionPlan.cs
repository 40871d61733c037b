using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Disruption;

/// <summary>What becomes of a budget.</summary>
/// <param name="Status">The status to write; null when the present one is right.</param>
/// <param name="LookAgainAt">When an eviction that came to nothing is forgotten; null when there is none to wait for.</param>
internal sealed record DisruptionPlan(JsonObject? Status, DateTimeOffset? LookAgainAt = null);
