namespace Godwit.Perf.Peers;

/// <summary>What one move took, measured alike for each driver.</summary>
internal sealed record PeerMove
{
    /// <summary>From the order to the driver's word that it is done.</summary>
    public double TotalMs { get; init; }

    /// <summary>From QEMU's STOP at the source to its RESUME at the target, by QEMU's own times.</summary>
    public double PauseMs { get; init; }

    /// <summary>The longest time without a tick on the guest's console, as this machine's clock sees it, less the tick's period.</summary>
    public double GuestPauseMs { get; init; }

    /// <summary>Memory that went over.</summary>
    public double Bytes { get; init; }

    /// <summary>How long QEMU was sending, its <c>active</c> to its <c>completed</c>.</summary>
    public double FlowMs { get; init; }

    /// <summary>Processor seconds of the driver's own processes; null where the driver is this program.</summary>
    public double? OwnCpu { get; init; }

    /// <summary>Processor seconds of both QEMUs.</summary>
    public double QemuCpu { get; init; }

    /// <summary>Parallel streams beside the main one; 0: none.</summary>
    public int Streams { get; init; }

    public double GiB => Bytes / (1L << 30);

    public double MiBPerSecond => Bytes / (1L << 20) / (FlowMs / 1000);
}
