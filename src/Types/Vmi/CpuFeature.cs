namespace Godwit.Types;

/// <summary>One processor feature and what is asked of it.</summary>
public sealed record CpuFeature : ApiPart
{
    public string? Name { get; init; }

    public string? Policy { get; init; }
}
