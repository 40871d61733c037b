namespace Godwit.VirtHandler.Migration;

/// <summary>The monitor's next state, its order, and why.</summary>
public sealed record MonitorVerdict(MonitorState State, MonitorAction Action, string Reason);
