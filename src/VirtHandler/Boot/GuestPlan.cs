using Godwit.Types;

namespace Godwit.VirtHandler.Boot;

/// <summary>What to do about a guest, and what to tell.</summary>
public sealed record GuestPlan(GuestStep Step)
{
    /// <summary>The phase that the VMI is to have; null keeps it.</summary>
    public string? Phase { get; init; }

    /// <summary>Ask the launcher to shut the guest down.</summary>
    public bool RequestShutdown { get; init; }

    public GuestEvent? Event { get; init; }
}

/// <summary>One event to record about the VMI.</summary>
public sealed record GuestEvent(string Reason, string Message, string Type = EventReasons.Normal);
