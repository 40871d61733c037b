using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is to be said of a pod's readiness gate, see <see cref="UnpausedGate"/>.</summary>
public sealed record ReadinessPlan(Pod Pod, Condition Condition);
