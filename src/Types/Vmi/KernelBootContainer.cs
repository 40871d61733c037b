namespace Godwit.Types;

/// <summary>Where kernel and initrd lie within an image.</summary>
public sealed record KernelBootContainer : ApiPart
{
    public string? Image { get; init; }

    public string? ImagePullSecret { get; init; }

    public string? ImagePullPolicy { get; init; }

    public string? KernelPath { get; init; }

    public string? InitrdPath { get; init; }
}
