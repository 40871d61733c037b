namespace Godwit.LocalCluster.Scheduling;

/// <summary>Where a pod goes, or why it goes nowhere.</summary>
/// <param name="Node">The chosen node; null when there is none.</param>
/// <param name="Message">Why not, in the words that users know.</param>
public sealed record Verdict(string? Node, string Message);
