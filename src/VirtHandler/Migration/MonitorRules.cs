using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The limits that the user has set for one migration, with what follows from the guest's size.</summary>
public sealed record MonitorRules
{
    public const long DefaultMaxDowntimeMs = 900;
    public const long DefaultCompletionTimeoutPerGiB = 150;
    public const long DefaultProgressTimeout = 150;
    private const long DecimalGiga = 1_000_000_000;

    /// <summary>A hundred years: twice that is still a time span.</summary>
    private const long LongestSeconds = 100L * 365 * 24 * 3600;

    /// <summary>QEMU's limit is a permission and is overshot, by up to three times with parallel streams: so it is told a third.</summary>
    private const int Overshoot = 3;

    /// <summary>Below this no stream gets its last pages through.</summary>
    private const long LeastDowntimeLimitMs = 20;

    /// <summary>
    /// Where the search for a downtime limit begins. One pass more costs a fraction of a second of work; what is left at the
    /// switch costs the guest its time.
    /// </summary>
    private const long FirstDowntimeLimitMs = LeastDowntimeLimitMs;

    /// <summary>
    /// Bytes a second while the API server is silent. So slow that a guest writes more than is copied, and QEMU finds no moment to
    /// switch; a short downtime limit does not keep it from that, for at a limit of 0 it takes the end of a pass for the end (QEMU 10.0, seen).
    /// </summary>
    public const long HeldBandwidth = 64 << 10;

    /// <summary>Zero: no rule.</summary>
    public TimeSpan AcceptableCompletion { get; init; }

    /// <summary>Zero: no rule.</summary>
    public TimeSpan ProgressTimeout { get; init; }

    public bool AllowWorkloadDisruption { get; init; }

    /// <summary>The user allows post-copy and the target is able to do it.</summary>
    public bool AllowPostCopy { get; init; }

    public bool AutoConverge { get; init; }

    /// <summary>Bytes a second; 0: as fast as it goes.</summary>
    public long Bandwidth { get; init; }

    /// <summary>The same as QEMU has to be told it.</summary>
    public long QemuBandwidth => Bandwidth > 0 ? Bandwidth : MigrationParameters.UnlimitedBandwidth;

    /// <summary>What QEMU is told at first.</summary>
    public long InitialDowntimeLimitMs { get; init; } = FirstDowntimeLimitMs;

    /// <summary>The most that QEMU is told.</summary>
    public long HighestDowntimeLimitMs { get; init; } = DefaultMaxDowntimeMs / Overshoot;

    /// <summary>Reads the frozen settings of a migration.</summary>
    public static MonitorRules From(MigrationConfiguration? configuration, long memoryBytes, long diskBytes)
    {
        var data = memoryBytes + diskBytes;
        var gigabytes = (data + DecimalGiga - 1) / DecimalGiga;
        var perGiga = configuration?.CompletionTimeoutPerGiB ?? DefaultCompletionTimeoutPerGiB;
        var highest = Math.Max(LeastDowntimeLimitMs, (configuration?.MaxDowntimeMs ?? DefaultMaxDowntimeMs) / Overshoot);
        return new MonitorRules
        {
            AcceptableCompletion = Limit(perGiga, gigabytes),
            ProgressTimeout = Limit(configuration?.ProgressTimeout ?? DefaultProgressTimeout),
            AllowPostCopy = configuration?.AllowPostCopy == true,
            AllowWorkloadDisruption = configuration?.AllowWorkloadDisruption ?? configuration?.AllowPostCopy == true,
            AutoConverge = configuration?.AllowAutoConverge == true,
            Bandwidth = BandwidthOf(configuration?.BandwidthPerMigration),
            InitialDowntimeLimitMs = Math.Min(FirstDowntimeLimitMs, highest),
            HighestDowntimeLimitMs = highest,
        };
    }

    /// <summary>
    /// For how long a guest that stands still for the switch waits for an API server that does not answer: half of what it may feel,
    /// for going on here takes its time too; and a tenth of a second at least, which a slow server may need.
    /// </summary>
    public static TimeSpan LongestSilence(MigrationConfiguration? configuration) =>
        TimeSpan.FromMilliseconds(Math.Max(100, (configuration?.MaxDowntimeMs ?? DefaultMaxDowntimeMs) / 2));

    /// <summary>Whole mebibytes a second, as KubeVirt rounds: 0 is no limit, anything under one is one.</summary>
    private static long BandwidthOf(string? quantity)
    {
        const long Mebi = 1 << 20;
        if (!Quantity.TryParse(quantity, out var value) || value.Sign <= 0)
        {
            return 0;
        }

        // Not above what a whole number of mebibytes in 64 bits can be.
        var (whole, rest) = Math.DivRem(value.Value, Mebi);
        return Math.Clamp(whole + (rest >= Mebi / 2 ? 1 : 0), 1, long.MaxValue / Mebi) * Mebi;
    }

    /// <summary>A limit that somebody has meant to be endless by giving the largest number is a very long one.</summary>
    private static TimeSpan Limit(long seconds, long times = 1) =>
        TimeSpan.FromSeconds((long)Int128.Min((Int128)Math.Max(0, seconds) * times, LongestSeconds));
}
