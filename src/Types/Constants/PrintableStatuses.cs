namespace Godwit.Types;

/// <summary>The one word that says how a virtual machine is.</summary>
public static class PrintableStatuses
{
    public const string Terminating = "Terminating";
    public const string Stopping = "Stopping";
    public const string Migrating = "Migrating";
    public const string Paused = "Paused";
    public const string Running = "Running";
    public const string PvcNotFound = "ErrorPvcNotFound";
    public const string Unschedulable = "ErrorUnschedulable";
    public const string WaitingForVolumeBinding = "WaitingForVolumeBinding";
    public const string ErrImagePull = "ErrImagePull";
    public const string ImagePullBackOff = "ImagePullBackOff";
    public const string Starting = "Starting";
    public const string CrashLoopBackOff = "CrashLoopBackOff";
    public const string Stopped = "Stopped";
    public const string Unknown = "Unknown";
}
