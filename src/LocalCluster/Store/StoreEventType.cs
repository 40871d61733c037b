namespace Godwit.LocalCluster.Store;

/// <summary>The kind of change.</summary>
public enum StoreEventType
{
    Added,
    Modified,
    Deleted,
}
