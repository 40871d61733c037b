namespace Godwit.Types;

/// <summary>A disk on a persistent volume claim.</summary>
public sealed record ClaimVolume : ApiPart
{
    public string? ClaimName { get; init; }

    public bool? ReadOnly { get; init; }

    public bool? Hotpluggable { get; init; }
}
