namespace Godwit.VirtHandler.Forwarding;

/// <summary>What a message on a hand-over connection is.</summary>
internal enum HandoverMessage : byte
{
    /// <summary><see cref="HandoverHello"/>, JSON.</summary>
    Hello = 1,

    /// <summary><see cref="HandoverWelcome"/>, JSON.</summary>
    Welcome = 2,

    /// <summary>The largest packet of the tunnel, four bytes.</summary>
    Mtu = 3,

    /// <summary>Flows that are new or have changed.</summary>
    Flows = 4,

    /// <summary>Flows that have ended.</summary>
    Ended = 5,

    /// <summary>Done; with what could not be done as text.</summary>
    Done = 6,

    /// <summary>Asks for <see cref="Done"/> when the caller's predecessors have come too, or have not for a while.</summary>
    Await = 7,
}
