namespace Godwit.Types;

/// <summary>What may be asked of virt-controller in a virtual machine's status.</summary>
public static class StateChangeRequests
{
    public const string Start = "Start";
    public const string Stop = "Stop";

    /// <summary>With the value "true" in a start request: the guest is made, but does not run yet.</summary>
    public const string PausedKey = "paused";
    public const string PausedTrue = "true";

    public const string StartStrategyPaused = "Paused";
}
