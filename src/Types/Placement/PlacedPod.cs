namespace Godwit.Types;

/// <summary>A pod and where it is.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="NodeLabels">Labels of its node, which say which zone, rack and machine it is in.</param>
public sealed record PlacedPod(Pod Pod, IReadOnlyDictionary<string, string> NodeLabels);
