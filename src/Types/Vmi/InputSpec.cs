namespace Godwit.Types;

/// <summary>A tablet or a keyboard.</summary>
public sealed record InputSpec : ApiPart
{
    public string? Name { get; init; }

    public string? Bus { get; init; }

    public string? Type { get; init; }
}
