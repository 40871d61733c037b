using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>Memory and processor time that the guest asks for.</summary>
public sealed record DomainResources : ApiPart
{
    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Requests { get; init; }

    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Limits { get; init; }

    public bool? OvercommitGuestOverhead { get; init; }
}
