using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>How one volume is attached to the guest.</summary>
public sealed record Disk : ApiPart
{
    public string? Name { get; init; }

    [JsonPropertyName("disk")]
    public DiskTarget? DiskDevice { get; init; }

    public LunTarget? Lun { get; init; }

    public CdromTarget? Cdrom { get; init; }

    public int? BootOrder { get; init; }

    public string? Serial { get; init; }

    public bool? DedicatedIOThread { get; init; }

    public string? Cache { get; init; }

    public string? Io { get; init; }

    public string? Tag { get; init; }

    public JsonElement? BlockSize { get; init; }

    public bool? Shareable { get; init; }

    public string? ErrorPolicy { get; init; }

    public bool? ChangedBlockTracking { get; init; }
}
