namespace Godwit.Types;

/// <summary>The hardware definition of a guest: everything that the guest can see, down to bus and address.</summary>
public sealed record HardwareRecord : ApiPart
{
    public string? MachineType { get; init; }

    public string? CpuModel { get; init; }

    public IReadOnlyList<string>? CpuFeatures { get; init; }

    public string? Uuid { get; init; }

    public long? MemoryBytes { get; init; }

    public CpuTopology? Vcpus { get; init; }

    public string? Firmware { get; init; }

    public string? Accelerator { get; init; }

    public IReadOnlyList<HardwareDevice>? Devices { get; init; }
}
