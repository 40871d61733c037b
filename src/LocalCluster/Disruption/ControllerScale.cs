namespace Godwit.LocalCluster.Disruption;

/// <summary>How many pods a controller wants.</summary>
/// <param name="Replicas">The number; null when it is not known.</param>
/// <param name="Problem">Why it cannot be known; null when the controller is just not there.</param>
internal sealed record ControllerScale(long? Replicas, string? Problem = null)
{
    /// <summary>UID of the deployment whose number this is: its replica sets are counted once, together. Null for other controllers.</summary>
    public string? Above { get; init; }

    /// <summary>The object that the pod names is gone, or another one has its name by now.</summary>
    public static ControllerScale Gone { get; } = new(Replicas: null);
}
