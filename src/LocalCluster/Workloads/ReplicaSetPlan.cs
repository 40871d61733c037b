namespace Godwit.LocalCluster.Workloads;

/// <summary>What is to be done about the pods of a replica set.</summary>
/// <param name="Missing">How many pods are to be created.</param>
/// <param name="Surplus">Pods that are to be deleted.</param>
internal sealed record ReplicaSetPlan(int Missing, IReadOnlyList<WorkloadPod> Surplus);
