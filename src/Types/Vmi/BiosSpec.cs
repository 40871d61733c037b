namespace Godwit.Types;

/// <summary>Boot by BIOS.</summary>
public sealed record BiosSpec : ApiPart
{
    public bool? UseSerial { get; init; }
}
