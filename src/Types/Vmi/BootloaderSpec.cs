namespace Godwit.Types;

/// <summary>BIOS or UEFI.</summary>
public sealed record BootloaderSpec : ApiPart
{
    public BiosSpec? Bios { get; init; }

    public EfiSpec? Efi { get; init; }
}
