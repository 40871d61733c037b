namespace Godwit.LocalCluster.Store;

/// <summary>A revision was asked for whose history is gone.</summary>
public sealed class StoreCompactedException(long revision, long oldest)
    : Exception($"too old resource version: {revision} ({oldest})")
{
    public long Revision { get; } = revision;

    /// <summary>The oldest revision that can still be read.</summary>
    public long Oldest { get; } = oldest;
}
