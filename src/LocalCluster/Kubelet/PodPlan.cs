using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>What is to be done for a pod now.</summary>
public sealed record PodPlan
{
    public IReadOnlyList<StartOrder> Starts { get; init; } = [];
    public IReadOnlyList<StopOrder> Stops { get; init; } = [];

    /// <summary>Nothing of the pod runs or will run again: network and mounts are given back; folder and logs stay.</summary>
    public bool Release { get; init; }

    /// <summary>The pod is to vanish and nothing of it runs: everything goes, then the API object.</summary>
    public bool Remove { get; init; }

    /// <summary>When to look again though nothing happens.</summary>
    public DateTimeOffset? WakeAt { get; init; }

    /// <summary>The phase that the status shows.</summary>
    public required string Phase { get; init; }

    /// <summary>Why the pod failed as a whole.</summary>
    public string? Reason { get; init; }
    public string? Message { get; init; }
}

/// <summary>Start this run of a container.</summary>
public sealed record StartOrder(Container Container, bool IsInit, int Attempt, int Crashes);

/// <summary>End a container: SIGTERM if it was not sent, SIGKILL at the given time.</summary>
public sealed record StopOrder(ContainerRecord Run, DateTimeOffset KillAt, string Why);
