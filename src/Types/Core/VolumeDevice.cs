namespace Godwit.Types;

/// <summary>Where a block volume appears in a container.</summary>
public sealed record VolumeDevice : ApiPart
{
    public string? Name { get; init; }

    public string? DevicePath { get; init; }
}
