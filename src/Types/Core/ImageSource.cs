namespace Godwit.Types;

/// <summary>The content of an OCI image, mounted read-only.</summary>
public sealed record ImageSource : ApiPart
{
    public string? Reference { get; init; }

    public string? PullPolicy { get; init; }
}
