namespace Godwit.Types;

/// <summary>Measured progress of a migration; only the time left is an estimate, and it has a range.</summary>
public sealed record MigrationTransfer : ApiPart
{
    public long? TotalBytes { get; init; }

    public long? TransferredBytes { get; init; }

    public long? RemainingBytes { get; init; }

    public long? DiskTotalBytes { get; init; }

    public long? DiskRemainingBytes { get; init; }

    public long? RateBytesPerSecond { get; init; }

    public long? DirtyRateBytesPerSecond { get; init; }

    public int? Pass { get; init; }

    public int? Percent { get; init; }

    /// <summary>Percent of its processor time that QEMU takes from the guest so that its memory can be carried away (allowAutoConverge).</summary>
    public int? ThrottlePercent { get; init; }

    public double? EtaMinSeconds { get; init; }

    public double? EtaMaxSeconds { get; init; }

    public DateTimeOffset? Updated { get; init; }
}
