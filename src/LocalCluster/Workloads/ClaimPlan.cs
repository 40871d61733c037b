namespace Godwit.LocalCluster.Workloads;

/// <summary>What belongs to a workload, what is to become its own, and what is no longer.</summary>
internal sealed record ClaimPlan(IReadOnlyList<Claim> Owned, IReadOnlyList<Claim> Adopted, IReadOnlyList<Claim> Released);
