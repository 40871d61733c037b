namespace Godwit.Machinery;

/// <summary>How a controller works.</summary>
public sealed record ControllerOptions
{
    /// <summary>Keys reconciled at the same time.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>A reconcile that takes longer is cancelled and counts as failed.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How failing keys are slowed down; null: the default limiter.</summary>
    public RateLimiter<NamespacedName>? Limiter { get; init; }

    /// <summary>Where the work is counted, under the controller's name; null: nowhere.</summary>
    public MetricRegistry? Metrics { get; init; }
}
