namespace Godwit.VirtLauncher;

/// <summary>
/// Holds back the beginning of a line until its end has come. QEMU writes a message in pieces, and between two of them a piece
/// of the guest's console could come to stand in the pod's log.
/// </summary>
internal sealed class WholeLines
{
    /// <summary>A line without end is let go at this length.</summary>
    private const int Most = 4096;

    private readonly List<byte> _begun = [];

    /// <summary>All lines that have ended with this chunk; empty when none has.</summary>
    public byte[] Take(ReadOnlySpan<byte> chunk)
    {
        _begun.AddRange(chunk);
        var length = _begun.LastIndexOf((byte)'\n') + 1;
        return Release(length == 0 && _begun.Count >= Most ? _begun.Count : length);
    }

    /// <summary>What is left when no more comes.</summary>
    public byte[] Rest() => Release(_begun.Count);

    private byte[] Release(int length)
    {
        byte[] released = [.. _begun[..length]];
        _begun.RemoveRange(0, length);
        return released;
    }
}
