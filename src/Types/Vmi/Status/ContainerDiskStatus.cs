namespace Godwit.Types;

/// <summary>Proof of which container disk content the guest was started from.</summary>
public sealed record ContainerDiskStatus : ApiPart
{
    public long? Checksum { get; init; }
}
