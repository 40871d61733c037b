namespace Godwit.Qemu;

/// <summary>
/// The smallest guest that tells a working accelerator from one that only opens: it goes from reset into 64-bit mode and
/// writes one byte to the debug-exit port. Source: hack/probe-guest.S.
/// </summary>
internal static class ProbeGuest
{
    /// <summary>Written to the exit device, which makes QEMU end with twice this plus one.</summary>
    private const int Answer = 0x2a;

    public const int ExitCode = (Answer << 1) | 1;

    private const int RomSize = 64 * 1024;

    private static ReadOnlySpan<byte> ResetVector => [0xea, 0x00, 0x00, 0x00, 0xf0];

    /// <summary>A BIOS image whose reset vector jumps to the code at its start.</summary>
    public static byte[] Rom()
    {
        var rom = new byte[RomSize];
        Convert.FromBase64String(
            "+vwxwI7YjsCO0LwAcL8AELkAMPOrZscGABADIAAAZscGACADMAAAvwAwZriDAAAAZokFZgUAACAAg8cIgf9AMHXuLmYPARa4AA8g4GaDyCAPIuBm"
            + "uAAQAAAPIthmuYAAAMAPMmYNAAEAAA8wDyDAZg0BAACADyLAZuqAAA8ACABmuBAAjtiOwI7QvABwAABmuvQAsCru9Ov9Dx+AAAAAAAAAAAAAAAAA"
            + "AAAAAACaIAAAAAAAAJIAABcAoAAPAA==").CopyTo(rom, 0);
        ResetVector.CopyTo(rom.AsSpan(RomSize - 16));
        return rom;
    }
}
