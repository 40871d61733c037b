using Godwit.Types;

namespace Godwit.VirtApi.Admission;

/// <summary>What must be known to judge the eviction of a pod.</summary>
public sealed record EvictionFacts
{
    /// <summary>The pod; null when it cannot be read.</summary>
    public required Pod? Pod { get; init; }

    /// <summary>The VMI that the pod runs; null when it cannot be read.</summary>
    public VirtualMachineInstance? Vmi { get; init; }

    /// <summary>Why the VMI cannot be read.</summary>
    public string? VmiError { get; init; }

    public required ClusterConfiguration Cluster { get; init; }
}
