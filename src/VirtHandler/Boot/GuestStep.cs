namespace Godwit.VirtHandler.Boot;

/// <summary>What is to be done about a guest now.</summary>
public enum GuestStep
{
    /// <summary>Nothing, or it is none of this node's business.</summary>
    None,

    /// <summary>Something is under way; look again soon.</summary>
    Wait,

    /// <summary>Wire, lay out, record, and give the launcher its domain.</summary>
    Prepare,

    /// <summary>QEMU holds a booted guest that nobody started: let it run.</summary>
    Start,

    /// <summary>A disk refused a write, full as a rule, and QEMU stopped the guest: try whether it takes it now.</summary>
    Retry,

    /// <summary>Write what is true into the VMI's status.</summary>
    Report,
}
