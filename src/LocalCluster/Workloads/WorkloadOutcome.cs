namespace Godwit.LocalCluster.Workloads;

/// <summary>How a look at a workload ended.</summary>
/// <param name="LookAgainAt">When time alone changes something; null when only a change of an object does.</param>
/// <param name="HasFailed">Something was refused: it is to be tried again, less and less often.</param>
internal sealed record WorkloadOutcome(DateTimeOffset? LookAgainAt, bool HasFailed = false)
{
    public static WorkloadOutcome Settled { get; } = new(LookAgainAt: null);
}
