using Godwit.Types;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Boot;

/// <summary>Makes a target pod ready: same hardware, same disks (empty where a mirror fills them), network wired.</summary>
public sealed class TargetDomain(GuestPreparer preparer, VirtHandlerOptions options) : ITargetDomain
{
    public async Task<bool> PrepareAsync(VirtualMachineInstance vmi, LocalPod pod, CancellationToken cancellationToken)
    {
        var place = new PodPlace(options.KubeletRoot, pod.Uid);
        if (File.Exists(place.DomainFile))
        {
            return true;
        }

        if (await preparer.PrepareAsync(vmi, place, incoming: true, cancellationToken) is not { } guest)
        {
            return false;
        }

        guest.Domain.Write(place.Folder);
        return true;
    }
}
