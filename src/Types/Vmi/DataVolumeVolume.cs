namespace Godwit.Types;

/// <summary>A disk on a data volume, which is a claim of the same name.</summary>
public sealed record DataVolumeVolume : ApiPart
{
    public string? Name { get; init; }

    public bool? Hotpluggable { get; init; }
}
