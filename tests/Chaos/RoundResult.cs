namespace Godwit.Chaos;

/// <summary>One fault and what came of it.</summary>
internal sealed record RoundResult(int Number, string Fault, Step Step)
{
    /// <summary>What was done; null when there was nothing to strike.</summary>
    public string? Done { get; init; }

    /// <summary>The migration's phase at the strike, and how far it was.</summary>
    public string At { get; init; } = "";

    public string Mode { get; init; } = "";

    /// <summary>How the migration ended; "deleted" when it is gone.</summary>
    public string Outcome { get; init; } = "";

    public string? Reason { get; init; }

    /// <summary>The longest time that the guest was not heard, in milliseconds, hanging of its own QEMU included.</summary>
    public double LongestGapMs { get; init; }

    /// <summary>The guest was ended by the fault, as it may be.</summary>
    public bool GuestEnded { get; init; }

    /// <summary>What must not be.</summary>
    public IReadOnlyList<Violation> Violations { get; init; } = [];
}
