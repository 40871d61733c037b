namespace Godwit.VirtHandler.Forwarding;

/// <summary>What is to be done about a pod from which tunnels lead.</summary>
public enum ForwarderAction
{
    /// <summary>Nothing; it forwards, or waits to.</summary>
    Wait,

    /// <summary>Remove a tunnel that leads nowhere any more.</summary>
    Remove,

    /// <summary>Open a tunnel to the pod that the guest is about to go on to.</summary>
    Follow,

    /// <summary>Turn the flows to another tunnel: the guest has gone on.</summary>
    Turn,

    /// <summary>End it.</summary>
    End,
}
