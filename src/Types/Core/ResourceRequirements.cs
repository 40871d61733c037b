using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>What a container, or a guest, asks for and is held to.</summary>
public sealed record ResourceRequirements : ApiPart
{
    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Requests { get; init; }

    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Limits { get; init; }
}
