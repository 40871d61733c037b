using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;

namespace Godwit.Chaos;

/// <summary>What a fault may strike: one migration of one guest, as it stands.</summary>
internal sealed record Scene(ChaosCluster Cluster, Guest Guest, string Migration, Random Random)
{
    /// <summary>The VMI as last read.</summary>
    public required JsonObject Vmi { get; init; }

    /// <summary>What the fault itself has seen that must not be.</summary>
    public List<Violation> Seen { get; } = [];

    public string? SourcePod => Vmi.Text("status", "migrationState", "sourcePodUID");

    public string? TargetPod => Vmi.Text("status", "migrationState", "targetPodUID");

    public string? SourceNode => Vmi.Text("status", "migrationState", "sourceNode");

    public string? TargetNode => Vmi.Text("status", "migrationState", "targetNode");

    /// <summary>A length between the two, in seconds.</summary>
    public TimeSpan Between(double least, double most) => TimeSpan.FromSeconds(least + (Random.NextDouble() * (most - least)));
}
