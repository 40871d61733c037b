namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>What a flow has behind it, with the kernel's bits (enum ip_conntrack_status); the others do not matter to another pod.</summary>
[Flags]
public enum ConntrackStatus
{
    None = 0,

    /// <summary>Both sides have spoken.</summary>
    SeenReply = 1 << 1,

    /// <summary>Not the first to go when the table is full.</summary>
    Assured = 1 << 2,
}
