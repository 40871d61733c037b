namespace Godwit.Qemu;

/// <summary>What a new guest's hardware is to contain, before anything has an address.</summary>
public sealed record HardwareRequest
{
    public required string MachineType { get; init; }

    public required string CpuModel { get; init; }

    public IReadOnlyList<string> CpuFeatures { get; init; } = [];

    public required long MemoryBytes { get; init; }

    public CpuTopology Vcpus { get; init; } = new(1, 1, 1);

    public required string Uuid { get; init; }

    public string Firmware { get; init; } = "bios";

    public required string Accelerator { get; init; }

    public IReadOnlyList<DiskRequest> Disks { get; init; } = [];

    public IReadOnlyList<NicRequest> Nics { get; init; } = [];

    public bool Serial { get; init; } = true;

    public bool Rng { get; init; }

    /// <summary>A channel to an agent inside the guest.</summary>
    public bool AgentChannel { get; init; }

    public bool Graphics { get; init; }
}

/// <summary>A disk of a new guest; <see cref="Bus"/> is <c>virtio</c>, <c>sata</c> or <c>scsi</c>.</summary>
public sealed record DiskRequest(string Id, string Bus = "virtio", bool Cdrom = false, int? BootOrder = null, string? Serial = null);

/// <summary>A network card of a new guest; <see cref="Model"/> is <c>virtio</c> or <c>e1000e</c>.</summary>
public sealed record NicRequest(string Id, string Mac, string Model = "virtio", int? BootOrder = null);
