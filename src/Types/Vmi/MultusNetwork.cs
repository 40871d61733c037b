namespace Godwit.Types;

/// <summary>A secondary network by its attachment definition.</summary>
public sealed record MultusNetwork : ApiPart
{
    public string? NetworkName { get; init; }

    public bool? Default { get; init; }
}
