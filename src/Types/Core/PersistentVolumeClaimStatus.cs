using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>The storage that was given.</summary>
public sealed record PersistentVolumeClaimStatus : ApiPart
{
    public string? Phase { get; init; }

    public IReadOnlyList<string>? AccessModes { get; init; }

    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Capacity { get; init; }
}
