namespace Godwit.LocalCluster.Workloads;

/// <summary>What is to be done about the pods of a daemon set.</summary>
/// <param name="Missing">Nodes that are to get a pod.</param>
/// <param name="Surplus">Pods that are to be deleted.</param>
/// <param name="Ended">Those of them that have ended by themselves: a user should know.</param>
internal sealed record DaemonSetPlan(IReadOnlyList<string> Missing, IReadOnlyList<WorkloadPod> Surplus, IReadOnlyList<WorkloadPod> Ended);
