namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>Where a resource keeps what <c>/scale</c> shows, as dotted paths (<c>.spec.replicas</c>).</summary>
public sealed record ScaleSubresource(string SpecReplicasPath, string StatusReplicasPath, string? LabelSelectorPath);
