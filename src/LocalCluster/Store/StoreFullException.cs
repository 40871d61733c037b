namespace Godwit.LocalCluster.Store;

/// <summary>The disk has no room: the write did not happen, what was stored is intact.</summary>
public sealed class StoreFullException(string path, Exception inner)
    : Exception($"the store {path} cannot grow: the disk is full", inner)
{
    public string Path { get; } = path;
}
