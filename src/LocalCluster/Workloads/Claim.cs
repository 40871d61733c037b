namespace Godwit.LocalCluster.Workloads;

/// <summary>Something that a workload may own: a pod, a replica set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its UID.</param>
/// <param name="Controller">UID of the object that controls it; null when nobody does.</param>
/// <param name="Matches">The workload's selector selects it.</param>
/// <param name="IsDeleting">It is on its way out.</param>
internal sealed record Claim(string Name, string Uid, string? Controller, bool Matches, bool IsDeleting);
