namespace Godwit.VirtHandler.Migration;

/// <summary>When the next look is due: at once, after a while (or earlier, when something changes), or never.</summary>
public readonly record struct StepResult(bool Done, TimeSpan Wait)
{
    public static StepResult Again { get; } = new(Done: false, TimeSpan.Zero);

    public static StepResult Finished { get; } = new(Done: true, TimeSpan.Zero);

    public static StepResult After(TimeSpan wait) => new(Done: false, wait);
}
