namespace Godwit.Chaos;

/// <summary>Where a migration stands when the fault strikes.</summary>
internal enum Step
{
    /// <summary>Just asked for.</summary>
    Created,

    /// <summary>The target pod is being made and its QEMU started.</summary>
    Preparing,

    /// <summary>Disks and memory flow.</summary>
    Copying,

    /// <summary>Nearly all has arrived; the switchover is due at any moment, or is under way.</summary>
    Switching,

    /// <summary>It has ended; what it leaves is being removed.</summary>
    Ended,
}
