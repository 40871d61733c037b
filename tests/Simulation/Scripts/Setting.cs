namespace Godwit.Simulation.Scripts;

/// <summary>The cluster of one episode.</summary>
internal sealed record Setting
{
    public int Nodes { get; init; } = 3;

    /// <summary>How long the script's part lasts, hours.</summary>
    public double Hours { get; init; } = 8;

    /// <summary>The agents tell each few minutes that they live.</summary>
    public bool Heartbeats { get; init; }

    /// <summary>How long a watch lasts.</summary>
    public int WatchMinutes { get; init; } = 60;

    /// <summary>Between machines, bytes a second.</summary>
    public double Bandwidth { get; init; } = 400e6;

    /// <summary>The part of migrations that never end by themselves, 0 to 1.</summary>
    public double Stubborn { get; init; }

    public bool PostCopy { get; init; }

    public bool Disruption { get; init; }

    public bool Tls { get; init; }

    public long CompletionPerGiB { get; init; } = 60;

    public long PerCluster { get; init; } = 5;

    public long PerNode { get; init; } = 2;

    public long Inbound { get; init; } = 5;
}
