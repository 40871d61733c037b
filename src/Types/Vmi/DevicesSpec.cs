using System.Text.Json;

namespace Godwit.Types;

/// <summary>Devices of the guest.</summary>
public sealed record DevicesSpec : ApiPart
{
    public IReadOnlyList<Disk>? Disks { get; init; }

    public IReadOnlyList<Interface>? Interfaces { get; init; }

    public EmptyObject? Rng { get; init; }

    public WatchdogSpec? Watchdog { get; init; }

    public TpmSpec? Tpm { get; init; }

    public IReadOnlyList<InputSpec>? Inputs { get; init; }

    public bool? AutoattachPodInterface { get; init; }

    public bool? AutoattachGraphicsDevice { get; init; }

    public bool? AutoattachSerialConsole { get; init; }

    public bool? LogSerialConsole { get; init; }

    public bool? AutoattachMemBalloon { get; init; }

    public bool? AutoattachInputDevice { get; init; }

    public bool? AutoattachVSOCK { get; init; }

    public bool? BlockMultiQueue { get; init; }

    public bool? NetworkInterfaceMultiqueue { get; init; }

    public IReadOnlyList<GpuSpec>? Gpus { get; init; }

    public IReadOnlyList<HostDeviceSpec>? HostDevices { get; init; }

    public IReadOnlyList<FilesystemSpec>? Filesystems { get; init; }

    public JsonElement? DownwardMetrics { get; init; }

    public IReadOnlyList<JsonElement>? PanicDevices { get; init; }

    public JsonElement? Sound { get; init; }

    public JsonElement? Video { get; init; }

    public JsonElement? ClientPassthrough { get; init; }

    public bool? UseVirtioTransitional { get; init; }

    public bool? DisableHotplug { get; init; }
}
