namespace Godwit.LocalCluster.Store;

/// <summary>A write is done, or it is refused because the store is not in the expected state.</summary>
public enum StoreOutcome
{
    Done,
    AlreadyExists,
    NotFound,
    RevisionChanged,
}
