namespace Godwit.Perf;

/// <summary>How a move by hand is done; as Godwit does it where nobody limits it.</summary>
internal sealed record BareSettings
{
    public bool Tls { get; init; } = true;

    /// <summary>Parallel streams; 0: none.</summary>
    public int Streams { get; init; } = 2;

    /// <summary>Bytes a second; 0: no limit.</summary>
    public long Bandwidth { get; init; }

    /// <summary>When the guest is stopped so that the move comes to an end; null: never.</summary>
    public TimeSpan? StopAfter { get; init; }
}
