using System.Text.Json;

namespace Godwit.Types;

/// <summary>Fields of the VMI as an ISO.</summary>
public sealed record DownwardAPIVolume : ApiPart
{
    public IReadOnlyList<JsonElement>? Fields { get; init; }

    public string? VolumeLabel { get; init; }
}
