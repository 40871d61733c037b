namespace Godwit.Machinery;

/// <summary>Which lease to hold, under what name, and how long.</summary>
public sealed record LeaderElectionOptions(NamespacedName Lease, string Identity)
{
    /// <summary>Others may take a lease that was not renewed for this long.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A leader that cannot renew for this long stops working; must be shorter than the lease.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between tries.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}
