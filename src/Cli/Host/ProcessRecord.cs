namespace Godwit.Cli.Host;

/// <summary>A process that the supervisor started. The start time tells it from a later one with the same number.</summary>
public sealed record ProcessRecord
{
    public required string Name { get; init; }

    public required int Pid { get; init; }

    /// <summary>Clock ticks between boot and the process's start.</summary>
    public required long StartTicks { get; init; }

    public DateTimeOffset Started { get; init; }

    public int Restarts { get; init; }

    /// <summary>How the one before it ended.</summary>
    public string? LastExit { get; init; }
}
