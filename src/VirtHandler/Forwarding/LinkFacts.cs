namespace Godwit.VirtHandler.Forwarding;

/// <summary>What is known, in the pod where the guest is, about a tunnel from a pod where it was.</summary>
public sealed record LinkFacts
{
    /// <summary>Whether the record names this pod as the guest's.</summary>
    public required bool OwnerHere { get; init; }

    /// <summary>Whether the record has named it at any time: the tunnel was in use.</summary>
    public required bool WasOwner { get; init; }

    /// <summary>How long the other end has not answered.</summary>
    public required TimeSpan Silent { get; init; }

    /// <summary>Whether the other end's agent has said that it is over, or its pod is gone.</summary>
    public required bool Ended { get; init; }
}
