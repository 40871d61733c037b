namespace Godwit.Types;

/// <summary>What a claim's volume is to a pod.</summary>
public static class VolumeModes
{
    /// <summary>A block device; without a word it is a file system.</summary>
    public const string Block = "Block";
}
