namespace Godwit.VirtHandler.Disks;

/// <summary>What an ISO holds: file names, which may have folders in them, and their bytes.</summary>
public sealed record IsoContent(string Label, IReadOnlyDictionary<string, byte[]> Files);
