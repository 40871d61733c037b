using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The part of booting that a migration's target needs.</summary>
public interface ITargetDomain
{
    /// <summary>
    /// Lays out disks and network of the target pod and writes its domain, built from <c>status.hardware</c> alone with
    /// <c>incoming</c> set. May be called again after a restart: it then finishes what is missing. False: not yet, ask again.
    /// An exception's message is recorded as the migration's failure.
    /// </summary>
    Task<bool> PrepareAsync(VirtualMachineInstance vmi, LocalPod pod, CancellationToken cancellationToken);
}
