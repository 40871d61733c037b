namespace Godwit.Machinery;

/// <summary>
/// What the wall's clock says, and its steps before: who reckons from a time on record how long ago that was must not take a step for time that
/// has passed. Pure.
/// </summary>
/// <param name="Now">What it says.</param>
/// <param name="Eras">Times without a step, in order, the last one going on; none when nothing is known of steps.</param>
public sealed record WallTime(DateTimeOffset Now, IReadOnlyList<ClockEra> Eras)
{
    /// <summary>A time before which no step is known.</summary>
    public static implicit operator WallTime(DateTimeOffset now) => new(now, []);

    /// <summary>How much has passed since the clock said that time, or another machine's did.</summary>
    /// <param name="then">The time on record; one that this clock never said is taken for another's, which was right.</param>
    /// <returns>Negative for a time that is still to come.</returns>
    public TimeSpan Since(DateTimeOffset then)
    {
        if (Eras.Count < 2 || (then >= Eras[^1].From && then <= Now))
        {
            return Now - then;
        }

        var passed = Eras[^1].Began + (Now - Eras[^1].From);
        for (var i = Eras.Count - 2; i >= 0; i--)
        {
            if (then >= Eras[i].From && then <= Eras[i].From + (Eras[i + 1].Began - Eras[i].Began))
            {
                return passed - MomentOf(then, Eras[i]);
            }
        }

        if (then > Now)
        {
            return Now - then;
        }

        // Of another clock: it was before the first look, or this one was wrong then or had been standing. In the second case it was before this era.
        var before = passed - MomentOf(then, Eras.LastOrDefault(era => era.From <= then) ?? Eras[0]);
        var atLeast = passed - Eras[^1].Began;
        return before > atLeast ? before : atLeast;
    }

    private static TimeSpan MomentOf(DateTimeOffset then, ClockEra era) => era.Began + (then - era.From);
}
