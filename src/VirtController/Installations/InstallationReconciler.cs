using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Reports in the KubeVirt resource whether the installation works, and which settings of the ConfigMap of 2020 cannot be read.
/// </summary>
internal sealed class InstallationReconciler(ApiClient api, Caches caches, Heartbeats heartbeats, EventRecorder events, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private IReadOnlyList<string> _told = [];

    /// <summary>Where the resource is, or would be: the ConfigMap is looked at without one too.</summary>
    public static NamespacedName KeyOf(KubeVirt? kubeVirt) =>
        kubeVirt?.Key() ?? new NamespacedName(Installation.Namespace, Installation.KubeVirtName);

    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        var errors = caches.Configuration.Errors;
        if (caches.Configuration.ConfigMap is { } map)
        {
            Tell(map, errors);
            await NoteAsync(map, ct);
        }

        if (caches.Configuration.KubeVirt is not { } kubeVirt || kubeVirt.Key() != key || kubeVirt.IsDeleting())
        {
            return Result.Done;
        }

        var now = clock.GetUtcNow();
        var readiness = Readiness.Of(caches.ApiServices.List(), caches.Nodes.List(), heartbeats.Silence);
        var wanted = InstallationDecisions.Decide(kubeVirt, VirtControllerOptions.Version, readiness, errors, now);
        if (ApiObjects.Patch(kubeVirt, wanted, TypesJson.Default.KubeVirt) is { } patch)
        {
            await api.PatchAsync(
                Kinds.KubeVirt, key, PatchKind.Merge, patch, TypesJson.Default.KubeVirt, WriteOptions.Status, ct);
        }

        // Silence makes no event.
        return Result.After(Period);
    }

    /// <summary>Writes down on the map what of it was last good: a process that starts while it cannot be read needs it.</summary>
    private async Task NoteAsync(ConfigMap map, CancellationToken ct)
    {
        if (LegacyConfiguration.LastGood(map) is not { } good || map.Metadata.Annotation(Annotations.LastGoodConfiguration) == good)
        {
            return;
        }

        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                // What was read is what is noted: a change in between is looked at by itself.
                ["resourceVersion"] = map.Metadata.ResourceVersion,
                ["annotations"] = new JsonObject { [Annotations.LastGoodConfiguration] = good },
            },
        };
        try
        {
            await api.PatchAsync(Kinds.ConfigMap, map.Key(), PatchKind.Merge, patch, ct: ct);
        }
        catch (ApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // Changed or gone meanwhile, which wakes us again.
        }
    }

    private void Tell(ConfigMap map, IReadOnlyList<string> errors)
    {
        if (InstallationDecisions.Feedback(Interlocked.Exchange(ref _told, errors), errors) is not { } planned)
        {
            return;
        }

        var reference = map.Reference(Kinds.ConfigMap);
        if (planned.Warning)
        {
            events.Warning(reference, planned.Reason, planned.Message);
        }
        else
        {
            events.Normal(reference, planned.Reason, planned.Message);
        }
    }
}
