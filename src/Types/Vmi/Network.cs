using System.Text.Json;

namespace Godwit.Types;

/// <summary>A network that an interface of the guest is connected to.</summary>
public sealed record Network : ApiPart
{
    public string? Name { get; init; }

    public PodNetwork? Pod { get; init; }

    public MultusNetwork? Multus { get; init; }

    public JsonElement? ResourceClaim { get; init; }
}
