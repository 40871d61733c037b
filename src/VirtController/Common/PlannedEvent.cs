namespace Godwit.VirtController;

/// <summary>An event that a plan wants to have told about its object.</summary>
public sealed record PlannedEvent(string Reason, string Message, bool Warning = false)
{
    /// <summary>The event is about the VMI, though the plan is a migration's.</summary>
    public bool OnVmi { get; init; }
}
