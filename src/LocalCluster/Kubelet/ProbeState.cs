namespace Godwit.LocalCluster.Kubelet;

/// <summary>What the probes of one run of a container say.</summary>
public sealed record ProbeState
{
    /// <summary>The startup probe succeeded, or there is none.</summary>
    public bool IsStarted { get; init; }
    public bool IsReady { get; init; }

    /// <summary>Why the container must be restarted; null while it is healthy.</summary>
    public string? Unhealthy { get; init; }
}
