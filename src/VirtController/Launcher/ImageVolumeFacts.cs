using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What tells whether the cluster can mount images as volumes.</summary>
public sealed record ImageVolumeFacts
{
    /// <summary>What the KubeVirt resource says; null: nothing.</summary>
    public bool? Wanted { get; init; }

    /// <summary>The API server kept the image of a pod's volume; null when it could not be asked.</summary>
    public bool? Kept { get; init; }

    /// <summary>The API server's minor version of Kubernetes 1; 0 when it does not say.</summary>
    public int ServerMinor { get; init; }

    public IReadOnlyList<Node> Nodes { get; init; } = [];
}
