namespace Godwit.LocalCluster.Store;

/// <summary>One requested write on its way to the writer thread.</summary>
internal sealed class StoreWrite(StoreKey key, StoreWriteKind kind, EncodedObject value, long expectedRevision)
{
    public StoreKey Key { get; } = key;

    public StoreWriteKind Kind { get; } = kind;

    public EncodedObject Value { get; } = value;

    /// <summary>0: whatever it is.</summary>
    public long ExpectedRevision { get; } = expectedRevision;

    public TaskCompletionSource<StoreResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
