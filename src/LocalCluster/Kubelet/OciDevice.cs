namespace Godwit.LocalCluster.Kubelet;

/// <summary>A device node that a container gets.</summary>
public sealed record OciDevice(string Path, char Type, long Major, long Minor)
{
    /// <summary>What may be done by it: some of <c>r</c>, <c>w</c>, <c>m</c> (make nodes of it).</summary>
    public string Access { get; init; } = "rw";

    /// <summary>Permission bits of the node in the container.</summary>
    public int Mode { get; init; } = 0x1B6; // 0666

    public long User { get; init; }

    public long Group { get; init; }
}
