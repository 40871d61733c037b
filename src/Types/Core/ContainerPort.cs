using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>A port that a container listens on.</summary>
public sealed record ContainerPort : ApiPart
{
    public string? Name { get; init; }

    [JsonPropertyName("containerPort")]
    public int? ContainerPortNumber { get; init; }

    public string? Protocol { get; init; }
}
