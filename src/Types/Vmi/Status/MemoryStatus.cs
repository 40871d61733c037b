using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>The guest's memory as it was asked for and as it is.</summary>
public sealed record MemoryStatus : ApiPart
{
    [JsonConverter(typeof(ScalarTextConverter))]
    public string? GuestAtBoot { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? GuestCurrent { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? GuestRequested { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? MemoryOverhead { get; init; }
}
