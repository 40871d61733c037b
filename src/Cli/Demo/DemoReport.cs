namespace Godwit.Cli.Demo;

/// <summary>What the demo measured; the JSON that <c>godwit demo --json</c> prints.</summary>
public sealed record DemoReport
{
    public required IReadOnlyList<DemoMigration> Migrations { get; init; }

    public required DemoGuest Guest { get; init; }

    /// <summary>From the command's start until the guest answered.</summary>
    public required double SetupMs { get; init; }

    public required string Qemu { get; init; }

    public required string Accelerator { get; init; }
}

/// <summary>One move of the guest.</summary>
public sealed record DemoMigration
{
    public required string Vmi { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    public required string Method { get; init; }

    public required string Mode { get; init; }

    public required bool Succeeded { get; init; }

    /// <summary>From the request until the VMIM said how it ended.</summary>
    public required double TotalMs { get; init; }

    /// <summary>From the source's stop to the target's resume, as the two QEMUs said.</summary>
    public required double PauseMs { get; init; }

    /// <summary>The largest gap between two ticks of the guest around the switch, by the clock outside.</summary>
    public required double GuestPauseMs { get; init; }

    public required long Bytes { get; init; }

    public required double RateMiBps { get; init; }
}

/// <summary>How the guest fared over all moves.</summary>
public sealed record DemoGuest
{
    public required long Ticks { get; init; }

    public required long LostTicks { get; init; }

    public required long MemoryErrors { get; init; }

    public required long DiskErrors { get; init; }

    public required long Echoes { get; init; }

    public required long EchoErrors { get; init; }

    /// <summary>The longest that a stranger with a fresh connection waited for an answer; the moves are in it.</summary>
    public required double LongestEchoMs { get; init; }

    /// <summary>Of the one connection that was made before the first move and never again: how many lived through all moves.</summary>
    public required long KeptConnections { get; init; }

    /// <summary>Lines of that connection that came back wrong or not at all; it is not used on after one.</summary>
    public required long KeptConnectionErrors { get; init; }
}
