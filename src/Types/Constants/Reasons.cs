namespace Godwit.Types;

/// <summary>Reasons in conditions and statuses, spelled as KubeVirt spells them.</summary>
public static class Reasons
{
    public const string DisksNotLiveMigratable = "DisksNotLiveMigratable";
    public const string InterfaceNotLiveMigratable = "InterfaceNotLiveMigratable";
    public const string HotplugNotLiveMigratable = "HotplugNotLiveMigratable";

    /// <summary>There is no "Not" in it: that is how the reason has always been spelled.</summary>
    public const string CpuModeNotLiveMigratable = "CPUModeLiveMigratable";
    public const string VirtIoFsNotLiveMigratable = "VirtIOFSNotLiveMigratable";
    public const string HostDeviceNotLiveMigratable = "HostDeviceNotLiveMigratable";
    public const string SevNotLiveMigratable = "SEVNotLiveMigratable";
    public const string TdxNotLiveMigratable = "TDXNotLiveMigratable";
    public const string SecureExecutionNotLiveMigratable = "SecureExecutionNotLiveMigratable";
    public const string NoTscFrequencyNotLiveMigratable = "NoTSCFrequencyNotLiveMigratable";
    public const string HypervPassthroughNotLiveMigratable = "HypervPassthroughNotLiveMigratable";
    public const string PersistentReservationNotLiveMigratable = "PersistentReservationNotLiveMigratable";
    public const string DecentralizedNotLiveMigratable = "DecentralizedNotLiveMigratable";
    public const string NotMigratable = "NotMigratable";

    public const string PodTerminating = "PodTerminating";
    public const string PodNotExists = "PodNotExists";
    public const string PodConditionMissing = "PodConditionMissing";
    public const string GuestNotRunning = "GuestNotRunning";
    public const string PausedByUser = "PausedByUser";
    public const string PausedByMigrationMonitor = "PausedByMigrationMonitor";
    public const string PausedIoError = "PausedIOError";
    public const string NodeUnresponsive = "NodeUnresponsive";
    public const string ErrImagePull = "ErrImagePull";
    public const string ImagePullBackOff = "ImagePullBackOff";
    public const string Unschedulable = "Unschedulable";
    public const string EvictionRequested = "EvictionRequested";
    public const string UtilityVolumesPresent = "UtilityVolumesPresent";
}
