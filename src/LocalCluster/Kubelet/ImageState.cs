using Godwit.LocalCluster.Images;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>How it stands with an image that a pod needs.</summary>
public abstract record ImageState
{
    private ImageState()
    {
    }

    public sealed record Ready(ImageRecord Image, bool WasPulled) : ImageState;

    public sealed record Pulling(bool IsNew) : ImageState;

    public sealed record Failed(string Reason, string Message, DateTimeOffset RetryAt, bool IsNew) : ImageState;
}
