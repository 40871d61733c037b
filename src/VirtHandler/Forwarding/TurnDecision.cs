using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Where the source pod sends what comes for its guest. Pure.</summary>
public static class TurnDecision
{
    /// <summary>
    /// True: through the tunnel, for the guest has stopped and is about to go on at the target, where packets wait for it. False: to the
    /// guest here. Null: as it is.
    /// </summary>
    /// <remarks>Turned when the guest stops, not when it has gone: what comes during the pause would be lost in a QEMU that does not read.</remarks>
    public static bool? WantsTunnel(SourcePhase phase, Owner owner, bool failed) => (phase, owner) switch
    {
        (_, Owner.Target) => true,
        (_, Owner.Source) when failed => false,
        (SourcePhase.PreSwitchover or SourcePhase.Device or SourcePhase.Completed, _) => true,
        (SourcePhase.PostCopy or SourcePhase.PostCopyPaused or SourcePhase.PostCopyRecovering, _) => true,
        (SourcePhase.Unreachable or SourcePhase.Gone or SourcePhase.Switching, _) => null,
        _ => false,
    };
}
