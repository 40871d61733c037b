namespace Godwit.Integration.LocalCluster;

/// <summary>What a run of kubectl gave.</summary>
public sealed record KubectlResult(int Exit, string Output, string Error);
