using System.Text.Json;

namespace Godwit.Types;

/// <summary>A volume as it is now.</summary>
public sealed record VolumeStatus : ApiPart
{
    public string? Name { get; init; }

    public string? Target { get; init; }

    public string? Phase { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public long? Size { get; init; }

    public JsonElement? PersistentVolumeClaimInfo { get; init; }

    public JsonElement? HotplugVolume { get; init; }

    public JsonElement? MemoryDumpVolume { get; init; }

    public ContainerDiskStatus? ContainerDiskVolume { get; init; }
}
