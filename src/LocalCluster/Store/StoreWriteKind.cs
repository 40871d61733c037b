namespace Godwit.LocalCluster.Store;

/// <summary>What the writer thread is asked to do.</summary>
internal enum StoreWriteKind
{
    Create,
    Update,
    Delete,
    Compact,
}
