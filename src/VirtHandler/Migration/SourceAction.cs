namespace Godwit.VirtHandler.Migration;

/// <summary>The source's steps.</summary>
public enum SourceAction
{
    /// <summary>Nothing to do until something changes.</summary>
    Wait,

    /// <summary>Write down that it begins, set QEMU up, start the copies of disks.</summary>
    Start,

    /// <summary>Let a guest that a disk has refused a write try it again.</summary>
    RetryWrite,

    /// <summary>Start the memory's way.</summary>
    Migrate,

    /// <summary>End the finished copies of disks; the guest stands still.</summary>
    EndMirrors,

    /// <summary>Let QEMU go on from pre-switchover.</summary>
    Continue,

    /// <summary>Move the ownership record to the target.</summary>
    Commit,

    /// <summary>Tell QEMU to give up; the guest goes on here.</summary>
    Cancel,

    /// <summary>End what an earlier attempt has left in QEMU, so that the guest goes on here and this attempt can begin.</summary>
    EndEarlier,

    /// <summary>Break QEMU's connections, out of band.</summary>
    Yank,

    /// <summary>Break a post-copy channel that has gone silent, so that it can be made again.</summary>
    BreakChannel,

    /// <summary>Make post-copy's channel again.</summary>
    RecoverChannel,

    /// <summary>Write down that what the target had still to fetch ended with this QEMU.</summary>
    RecordLoss,

    /// <summary>End this QEMU, whose guest is beyond help: half of it went with the target.</summary>
    GiveUp,

    /// <summary>Write down that it failed. From then on it can no longer be committed.</summary>
    RecordFailure,

    /// <summary>Let the guest go on here. Only ever after the failure is on record, or when no commit was sent that it would have to outdate.</summary>
    Resume,

    /// <summary>Remove what the attempt left in QEMU and in the folder.</summary>
    CleanUp,

    /// <summary>The guest runs at the target: end this QEMU.</summary>
    Finish,

    Done,
}
