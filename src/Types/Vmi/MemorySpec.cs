using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>The guest's memory.</summary>
public sealed record MemorySpec : ApiPart
{
    [JsonConverter(typeof(ScalarTextConverter))]
    public string? Guest { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? MaxGuest { get; init; }

    public HugepagesSpec? Hugepages { get; init; }

    public JsonElement? ReservedOverhead { get; init; }
}
