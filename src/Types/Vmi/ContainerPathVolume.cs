namespace Godwit.Types;

/// <summary>A path of the launcher shared with the guest.</summary>
public sealed record ContainerPathVolume : ApiPart
{
    public string? Path { get; init; }

    public bool? ReadOnly { get; init; }
}
