namespace Godwit.LocalCluster.Store;

/// <summary>Canonical bytes whose revision is still missing, at <paramref name="Gap"/>.</summary>
public readonly record struct EncodedObject(ReadOnlyMemory<byte> Bytes, int Gap);
