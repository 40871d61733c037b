namespace Godwit.Simulation.Scripts;

/// <summary>One thing that is done to the world.</summary>
internal sealed record Step
{
    /// <summary>Seconds from the beginning; with <see cref="When"/>, from what it waits for.</summary>
    public double At { get; init; }

    /// <summary>What it waits for, such as <c>source:device</c> or <c>commit</c>; null: only for its time.</summary>
    public string? When { get; init; }

    /// <summary>Only happenings from here on count, seconds from the beginning.</summary>
    public double From { get; init; }

    /// <summary>Which of these happenings, from 1.</summary>
    public int Nth { get; init; }

    /// <summary>What is done.</summary>
    public required string Do { get; init; }

    /// <summary>To whom: a VMI, a node, <c>controller</c>, <c>all</c>; or <c>source</c> and <c>target</c> of the migration at hand.</summary>
    public string? Who { get; init; }

    /// <summary>Seconds that it lasts.</summary>
    public double For { get; init; }

    /// <summary>What is wrong with the way to the API server.</summary>
    public Api.LinkFault? Fault { get; init; }

    public override string ToString() =>
        $"{(When is null ? "" : $"after {When} #{Nth}{(From > 0 ? $" from {From:0} s" : "")} ")}+{At:0.000} s: {Do}{(Who is null ? "" : $" {Who}")}{(Fault is null ? "" : $" {Fault}")}{(For > 0 ? $" for {For:0.0} s" : "")}";
}
