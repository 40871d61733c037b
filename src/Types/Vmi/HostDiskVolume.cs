using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>A disk image on the node.</summary>
public sealed record HostDiskVolume : ApiPart
{
    public string? Path { get; init; }

    public string? Type { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? Capacity { get; init; }

    public bool? Shared { get; init; }
}
