namespace Godwit.LocalCluster.Scheduling;

/// <summary>Why a node does not take a pod. <see cref="IsFinal"/>: taking other pods away from it would not help.</summary>
public sealed record Refusal(string Reason, bool IsFinal);
