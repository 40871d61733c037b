namespace Godwit.Chaos;

/// <summary>Something that must not be, and what was seen.</summary>
internal sealed record Violation(ViolationKind Kind, string What);
