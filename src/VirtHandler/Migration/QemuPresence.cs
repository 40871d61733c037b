namespace Godwit.VirtHandler.Migration;

/// <summary>How a pod's QEMU can be reached.</summary>
public enum QemuPresence
{
    NotPrepared,
    Starting,
    Connected,
    Unreachable,
    Gone,
}
