namespace Godwit.Types;

/// <summary>A path of the node.</summary>
public sealed record HostPathSource : ApiPart
{
    public string? Path { get; init; }

    public string? Type { get; init; }
}
