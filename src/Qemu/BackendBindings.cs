namespace Godwit.Qemu;

/// <summary>
/// What a machine is connected to on its host: paths, taps, sockets. The guest sees none of it, so it may differ between
/// the two sides of a migration. Every path is as QEMU itself sees it.
/// </summary>
public sealed record BackendBindings
{
    /// <summary>Shown in process lists and in QEMU's own messages.</summary>
    public required string Name { get; init; }

    /// <summary>The folder of the domain's sockets (<see cref="DomainFolder"/> has the names in it).</summary>
    public required string Folder { get; init; }

    /// <summary>By device id; every disk of the hardware except an empty CD drive must have one.</summary>
    public IReadOnlyDictionary<string, DiskBinding> Disks { get; init; } = new Dictionary<string, DiskBinding>(StringComparer.Ordinal);

    /// <summary>By device id; every network card of the hardware must have one.</summary>
    public IReadOnlyDictionary<string, NicBinding> Nics { get; init; } = new Dictionary<string, NicBinding>(StringComparer.Ordinal);

    /// <summary>A kernel that is booted without a boot loader.</summary>
    public KernelBinding? Kernel { get; init; }

    /// <summary>Firmware code and variable store for <c>efi</c>.</summary>
    public FirmwareBinding? Firmware { get; init; }

    /// <summary>
    /// Touch all memory before the guest runs. On for targets: page faults then happen while the target is prepared and
    /// not while the source waits for it (3 to 7 times faster on a first hop).
    /// </summary>
    public bool PreallocateMemory { get; init; }

    /// <summary>Use a memfd that other processes can map (virtio-fs, vhost-user) instead of private memory.</summary>
    public bool SharedMemory { get; init; }
}

/// <summary>An image behind a disk.</summary>
public sealed record DiskBinding
{
    /// <summary>QEMU's name of the disk's top node, at most 31 characters; see <see cref="NodeNames.For"/>.</summary>
    public required string NodeName { get; init; }

    public required string Path { get; init; }

    /// <summary><c>raw</c> or <c>qcow2</c>.</summary>
    public string Format { get; init; } = "raw";

    public bool ReadOnly { get; init; }

    /// <summary>Go past the host's page cache; needed for shared images on network file systems, not possible on every file system.</summary>
    public bool DirectIo { get; init; }

    /// <summary>The image may be open for writing elsewhere (a disk shared between guests).</summary>
    public bool Shareable { get; init; }

    /// <summary>
    /// Both sides of a migration see the same image, so it need not be copied. A writable disk that is not shared is copied;
    /// of one with a backing image only the layer is.
    /// </summary>
    public bool Shared { get; init; }

    /// <summary>The path is a block device and not a file.</summary>
    public bool BlockDevice { get; init; }

    /// <summary>The image under a qcow2 overlay.</summary>
    public BackingImage? Backing { get; init; }
}

/// <summary>The read-only image under an overlay: a file, or a block device.</summary>
public sealed record BackingImage(string Path, string Format, bool BlockDevice = false);

/// <summary>What a network card is plugged into: an existing tap, or QEMU's user network.</summary>
public sealed record NicBinding
{
    public string? TapName { get; init; }

    /// <summary>Let the kernel move the packets; needs /dev/vhost-net.</summary>
    public bool Vhost { get; init; }

    /// <summary>Further options of the user network, as <c>hostfwd=tcp::2222-:22</c>; only when there is no tap.</summary>
    public string? UserOptions { get; init; }
}

/// <summary>Direct kernel boot.</summary>
public sealed record KernelBinding(string KernelPath, string? InitrdPath, string? Arguments);

/// <summary>EFI firmware images.</summary>
public sealed record FirmwareBinding(string CodePath, string? VariablesPath);
