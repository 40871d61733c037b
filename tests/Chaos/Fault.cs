namespace Godwit.Chaos;

/// <summary>
/// Something that goes wrong. <see cref="StrikeAsync"/> does it, waits for as long as it lasts and takes it back; it returns null
/// when there was nothing to strike, else what was done.
/// </summary>
internal sealed record Fault(string Name, Func<Scene, CancellationToken, Task<string?>> StrikeAsync)
{
    /// <summary>The steps at which it is of interest.</summary>
    public IReadOnlyList<Step> Steps { get; init; } = [Step.Preparing, Step.Copying, Step.Switching];

    /// <summary>The guest itself may end by it.</summary>
    public bool IsDeadly { get; init; }

    /// <summary>It strikes the target, which ends a guest only once the guest is there.</summary>
    public bool StrikesTarget { get; init; }

    /// <summary>The logs of pods miss lines for as long as it lasts, so the guests' consoles say nothing of what they did then.</summary>
    public bool SilencesLogs { get; init; }

    /// <summary>The guest may end by it once it lives in two halves.</summary>
    public bool IsDeadlyInPostCopy { get; init; }
}
