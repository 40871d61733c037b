namespace Godwit.Qemu;

/// <summary>All that a launcher needs to run one guest: the final command line, and the hardware that it was made from.</summary>
public sealed record Domain
{
    public const int CurrentVersion = 1;

    /// <summary>A launcher refuses a version that it does not know.</summary>
    public int Version { get; init; } = CurrentVersion;

    public required string Name { get; init; }

    public required HardwareDefinition Hardware { get; init; }

    /// <summary>The QEMU binary: a path, or a name to be found on PATH.</summary>
    public required string Binary { get; init; }

    public required string[] Arguments { get; init; }

    /// <summary>Added to the launcher's own environment.</summary>
    public Dictionary<string, string> Environment { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The guest arrives by migration: it is loaded, never booted, and stays stopped until it is told to run.</summary>
    public bool Incoming { get; init; }

    /// <summary>The disks whose content has to travel with the guest when it moves.</summary>
    public CopiedDisk[] CopiedDisks { get; init; } = [];

    /// <summary>Makes the domain of <paramref name="hardware"/> connected as <paramref name="bindings"/> say.</summary>
    public static Domain Create(HardwareDefinition hardware, BackendBindings bindings, bool incoming, string binary = "qemu-system-x86_64") =>
        new()
        {
            Name = bindings.Name,
            Hardware = hardware,
            Binary = binary,
            Arguments = [.. CommandLine.Build(hardware, bindings, incoming)],
            Incoming = incoming,
            CopiedDisks =
            [
                .. hardware.Devices
                    .Where(d => bindings.Disks.TryGetValue(d.Id, out var disk) && !disk.ReadOnly && !disk.Shared)
                    .Select(d => bindings.Disks[d.Id])
                    .Select(disk => new CopiedDisk(disk.NodeName, LayerOnly: disk.Backing is not null)),
            ],
        };

    /// <summary>Writes the domain into its folder in one step, so that a reader sees all of it or nothing.</summary>
    public void Write(string folder) =>
        AtomicFile.Write(Path.Combine(folder, DomainFolder.Domain), this, QemuJson.Default.Domain);

    /// <summary>Reads the domain of a folder; null when none has been written yet.</summary>
    public static Domain? Read(string folder) =>
        AtomicFile.Read(Path.Combine(folder, DomainFolder.Domain), QemuJson.Default.Domain);
}
