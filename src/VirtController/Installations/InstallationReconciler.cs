using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Reports in the KubeVirt resource that the installation works; its settings count only from then on.</summary>
internal sealed class InstallationReconciler(ApiClient api, Caches caches, TimeProvider clock)
{
    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        if (caches.Configuration.KubeVirt is not { } kubeVirt || kubeVirt.Key() != key || kubeVirt.IsDeleting())
        {
            return Result.Done;
        }

        var wanted = InstallationDecisions.Decide(kubeVirt, VirtControllerOptions.Version, clock.GetUtcNow());
        if (ApiObjects.Patch(kubeVirt, wanted, TypesJson.Default.KubeVirt) is { } patch)
        {
            await api.PatchAsync(
                Kinds.KubeVirt, key, PatchKind.Merge, patch, TypesJson.Default.KubeVirt, WriteOptions.Status, ct);
        }

        return Result.Done;
    }
}
