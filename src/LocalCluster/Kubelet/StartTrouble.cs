namespace Godwit.LocalCluster.Kubelet;

/// <summary>Why a container could not be started, and when it will be tried again.</summary>
public sealed record StartTrouble(string Reason, string Message, DateTimeOffset RetryAt, int Count);
