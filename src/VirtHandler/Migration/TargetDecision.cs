namespace Godwit.VirtHandler.Migration;

/// <summary>A step and why.</summary>
public readonly record struct TargetDecision(TargetAction Action, string Reason);
