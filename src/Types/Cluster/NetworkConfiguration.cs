using System.Text.Json;

namespace Godwit.Types;

/// <summary>Cluster-wide network choices.</summary>
public sealed record NetworkConfiguration : ApiPart
{
    public string? DefaultNetworkInterface { get; init; }

    public bool? PermitBridgeInterfaceOnPodNetwork { get; init; }

    public bool? PermitSlirpInterface { get; init; }

    public JsonElement? Binding { get; init; }
}
