namespace Godwit.VirtHandler.Migration;

/// <summary>What the monitor remembers from sample to sample. A restarted agent begins with a fresh one and loses nothing but patience.</summary>
public sealed record MonitorState
{
    public TimeSpan LastProgress { get; init; }

    public long? LastRemaining { get; init; }

    /// <summary>The guest was stopped, or post-copy ordered: the migration has twice the time.</summary>
    public bool Disrupted { get; init; }

    public long DowntimeLimitMs { get; init; }

    /// <summary>QEMU is kept from switching.</summary>
    public bool Held { get; init; }

    /// <summary>The pass at which the downtime limit was last raised.</summary>
    public long RaisedAtPass { get; init; }

    /// <summary>The rates of the latest samples, newest last.</summary>
    public IReadOnlyList<long> Rates { get; init; } = [];
}
