namespace Godwit.Qemu;

/// <summary>How guests can be run on this machine, and why so.</summary>
public sealed record AcceleratorInfo
{
    public const string Kvm = "kvm";
    public const string Tcg = "tcg";

    /// <summary><c>kvm</c> or <c>tcg</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Reason { get; init; }

    public required QemuVersionText Qemu { get; init; }

    /// <summary>What the answer depends on; a kept answer counts only while this is the same.</summary>
    public required string Key { get; init; }
}

/// <summary>A QEMU version as it is kept in a file.</summary>
public sealed record QemuVersionText(int Major, int Minor, int Micro, string Package)
{
    public QemuVersion ToVersion() => new(Major, Minor, Micro, Package);
}
