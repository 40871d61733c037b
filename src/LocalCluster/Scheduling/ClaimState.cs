using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>A claim of a pod as the scheduler sees it.</summary>
/// <param name="Name">The claim's name.</param>
/// <param name="Claim">The claim; null when there is none.</param>
/// <param name="Volume">The volume it is bound to.</param>
/// <param name="WaitsForConsumer">Its class binds only once a pod has chosen a node.</param>
public sealed record ClaimState(string Name, PersistentVolumeClaim? Claim, PersistentVolume? Volume, bool WaitsForConsumer)
{
    public bool IsBound => Claim?.Status.Phase == "Bound" && Volume is not null;
}
