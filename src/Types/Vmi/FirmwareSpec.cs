using System.Text.Json;

namespace Godwit.Types;

/// <summary>Identity and boot of the guest's firmware.</summary>
public sealed record FirmwareSpec : ApiPart
{
    public string? Uuid { get; init; }

    public string? Serial { get; init; }

    public BootloaderSpec? Bootloader { get; init; }

    public KernelBootSpec? KernelBoot { get; init; }

    public JsonElement? Acpi { get; init; }
}
