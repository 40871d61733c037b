namespace Godwit.Machinery;

/// <summary>A time in which the wall's clock was not stepped.</summary>
/// <param name="From">What it said when the era began.</param>
/// <param name="Began">When that was: what had passed since the first look.</param>
public sealed record ClockEra(DateTimeOffset From, TimeSpan Began);
