namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>What became of flows that were written into a connection table.</summary>
/// <param name="Written">How many the kernel took.</param>
/// <param name="Refused">How many it did not.</param>
/// <param name="FirstError">The first refused flow and the kernel's reason; null when none was refused.</param>
public sealed record WriteOutcome(int Written, int Refused, string? FirstError);
