namespace Godwit.Qemu;

/// <summary>
/// Everything that a guest can see of its machine, decided once at first boot. Two QEMUs built from equal definitions can
/// migrate into each other; QEMU itself checks far less, so <see cref="HardwareComparison"/> must pass first.
/// </summary>
public sealed record HardwareDefinition
{
    /// <summary>A versioned machine, as <c>pc-q35-10.0</c>; never an alias.</summary>
    public required string MachineType { get; init; }

    /// <summary>A named model; never <c>host</c> or <c>max</c>.</summary>
    public required string CpuModel { get; init; }

    /// <summary>Features on top of the model, each with its sign: <c>+aes</c>, <c>-rdtscp</c>.</summary>
    public string[] CpuFeatures { get; init; } = [];

    public required long MemoryBytes { get; init; }

    public CpuTopology Vcpus { get; init; } = new(1, 1, 1);

    public required string Uuid { get; init; }

    /// <summary><c>bios</c>, or <c>efi</c>.</summary>
    public string Firmware { get; init; } = "bios";

    /// <summary><c>kvm</c> or <c>tcg</c>: a guest that started under one cannot go on under the other.</summary>
    public required string Accelerator { get; init; }

    public HardwareDevice[] Devices { get; init; } = [];

    public HardwareDevice? Find(string id) => Devices.FirstOrDefault(d => d.Id == id);
}

/// <summary>How the virtual CPUs are laid out.</summary>
public sealed record CpuTopology(int Sockets, int Cores, int Threads)
{
    public int Total => Sockets * Cores * Threads;
}

/// <summary>
/// One device. <see cref="Kind"/> is QEMU's driver name; <see cref="Bus"/> and <see cref="Addr"/> are always given for PCI
/// devices, because the order of a command line is not an address. <see cref="Properties"/> are those that the guest can see.
/// </summary>
public sealed record HardwareDevice
{
    public required string Id { get; init; }

    public required string Kind { get; init; }

    public string? Bus { get; init; }

    public string? Addr { get; init; }

    public SortedDictionary<string, string> Properties { get; init; } = new(StringComparer.Ordinal);
}
