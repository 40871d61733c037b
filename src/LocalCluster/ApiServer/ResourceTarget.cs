using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer;

/// <summary>What a request is about. Namespace is empty for cluster scope, Name for a creation with generateName.</summary>
public sealed record ResourceTarget(ResourceInfo Resource, ResourceVersionInfo Version, string Namespace, string Name)
{
    public string? Subresource { get; init; }
}
