namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>A subresource as discovery shows it; its group, version and kind may be those of another API (<c>policy/v1 Eviction</c>).</summary>
public sealed record SubresourceInfo(string Name, string Kind, IReadOnlyList<string> Verbs, string? Group = null, string? Version = null);
