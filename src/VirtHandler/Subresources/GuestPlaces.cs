using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Subresources;

/// <summary>Finds the pods of guests that this node owns.</summary>
internal static class GuestPlaces
{
    /// <summary>Null when the guest is elsewhere or not at all.</summary>
    public static async Task<PodPlace?> FindAsync(ApiClient api, VirtHandlerOptions options, NamespacedName key, CancellationToken cancellationToken)
    {
        var vmi = await api.TryGetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, cancellationToken);
        return vmi?.Status is { OwnerPodUID: { Length: > 0 } pod } status && status.NodeName == options.Node
            ? new PodPlace(options.KubeletRoot, pod)
            : null;
    }

    public static GuestAnswer NotHere(VirtHandlerOptions options) =>
        GuestAnswer.Conflict($"the guest is not on node {options.Node} any more: it has moved or ended; try again");
}
