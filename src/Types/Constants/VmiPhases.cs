namespace Godwit.Types;

/// <summary>Phases of a VMI.</summary>
public static class VmiPhases
{
    public const string Unset = "";
    public const string Pending = "Pending";
    public const string Scheduling = "Scheduling";
    public const string Scheduled = "Scheduled";
    public const string Running = "Running";
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";
    public const string WaitingForSync = "WaitingForSync";
    public const string Unknown = "Unknown";
}
