using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>An empty disk that lives as long as the VMI.</summary>
public sealed record EmptyDiskVolume : ApiPart
{
    [JsonConverter(typeof(ScalarTextConverter))]
    public string? Capacity { get; init; }
}
