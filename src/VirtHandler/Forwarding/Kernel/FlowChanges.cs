namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>What is new about flows.</summary>
/// <param name="About">Which flows this is about; null for all there are.</param>
/// <param name="Now">What has become of them; those of <paramref name="About"/> that are not in it have ended.</param>
public sealed record FlowChanges(IReadOnlyList<FlowTuple>? About, IReadOnlyList<ConntrackEntry> Now);
