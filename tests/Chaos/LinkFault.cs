namespace Godwit.Chaos;

/// <summary>What is wrong with the way between the two QEMUs.</summary>
internal enum LinkFault
{
    /// <summary>Packets vanish in both directions.</summary>
    Cut,

    /// <summary>Packets arrive, and their answers vanish.</summary>
    HalfOpen,

    /// <summary>Half a mebibyte a second.</summary>
    Throttled,

    /// <summary>What leaves the source waits in a queue, for up to a second and a half, before it goes on; what finds it full is lost.</summary>
    Late,

    /// <summary>Each packet is answered by a reset.</summary>
    Reset,
}
