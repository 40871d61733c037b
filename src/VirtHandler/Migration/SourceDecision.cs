namespace Godwit.VirtHandler.Migration;

/// <summary>A step and why.</summary>
public readonly record struct SourceDecision(SourceAction Action, string Reason);
