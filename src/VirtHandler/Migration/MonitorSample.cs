namespace Godwit.VirtHandler.Migration;

/// <summary>QEMU's counters at one moment, memory and disks apart.</summary>
public sealed record MonitorSample
{
    /// <summary>Since the migration began.</summary>
    public required TimeSpan Elapsed { get; init; }

    public long RamTotal { get; init; }

    public long RamRemaining { get; init; }

    public long Transferred { get; init; }

    public long DiskTotal { get; init; }

    public long DiskRemaining { get; init; }

    public long RateBytesPerSecond { get; init; }

    public long DirtyRateBytesPerSecond { get; init; }

    public long Pass { get; init; }

    /// <summary>Of its processor time, what QEMU takes from the guest.</summary>
    public int? ThrottlePercent { get; init; }

    /// <summary>Memory is on its way: before that, while disks are copied, neither a pause nor post-copy would be of use.</summary>
    public bool MemoryFlows { get; init; }

    /// <summary>Post-copy was ordered: it goes on to its end, and nothing that the monitor could order would be of use.</summary>
    public bool PostCopy { get; init; }

    /// <summary>How long ago the youngest question was asked that the API server has answered.</summary>
    public TimeSpan SinceAnswer { get; init; }

    public long Remaining => RamRemaining + DiskRemaining;
}
