using Godwit.VirtHandler.Migration;

namespace Godwit.Simulation;

/// <summary>The protocol broken on purpose, to see that it is noticed.</summary>
internal sealed record Breaks
{
    /// <summary>As if the target had been started without <c>-S</c>.</summary>
    public bool TargetRunsByItself { get; init; }

    /// <summary>Who decides the agents' steps.</summary>
    public SwitchoverRules Rules { get; init; } = SwitchoverRules.Standard;
}
