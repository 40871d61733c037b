namespace Godwit.LocalCluster.Store;

/// <summary>
/// What became of a write, and the object: when done, the new state (of a deletion: the last one, at the deletion's revision);
/// else the state that was in the way.
/// </summary>
public readonly record struct StoreResult(StoreOutcome Outcome, StoredObject? Object);
