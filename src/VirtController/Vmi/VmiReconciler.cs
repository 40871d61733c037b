using System.Collections.Concurrent;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Brings a VMI from its creation to a pod that its node's agent takes over, and to its end.</summary>
internal sealed class VmiReconciler(
    ApiClient api, Caches caches, ImageVolumeProbe images, EventRecorder events, VirtControllerOptions options, WallClock wall)
{
    /// <summary>Owner pods whose end was seen, and when: a new leader gives all of them their time anew.</summary>
    private readonly ConcurrentDictionary<NamespacedName, (string Pod, DateTimeOffset At)> _ended = new();

    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        if (caches.Vmis.Get(key) is not { } vmi)
        {
            _ended.TryRemove(key, out _);
            return Result.Done;
        }

        var plan = VmiDecisions.Decide(await GatherAsync(vmi, ct));
        return await ApplyAsync(vmi, plan, ct);
    }

    private async Task<VmiFacts> GatherAsync(VirtualMachineInstance vmi, CancellationToken ct)
    {
        var pods = caches.PodsOf(vmi);
        var expected = vmi.Status?.Phase is VmiPhases.Scheduling or VmiPhases.Scheduled or VmiPhases.Running || vmi.IsDeleting();
        var known = vmi.Status?.OwnerPodUID is { } owner ? pods.Any(pod => pod.Metadata.Uid == owner) : pods.Count > 0;
        if (expected && !known)
        {
            // The caches of VMIs and pods are not of the same instant. A VMI is not given up for a pod unseen.
            var list = await api.ListAsync(
                Kinds.Pod,
                vmi.Metadata.Namespace,
                TypesJson.Default.Pod,
                new ListOptions { LabelSelector = $"{Labels.CreatedBy}={vmi.Metadata.Uid}" },
                ct);
            pods = list.Items;
        }

        return new VmiFacts
        {
            Vmi = vmi,
            Pods = [.. pods.OrderBy(pod => pod.Metadata.CreationTimestamp)],
            MissingClaims = vmi.IsUnprocessed()
                ? [.. Caches.ClaimsOf(vmi).Where(claim => caches.Claims.Get(new NamespacedName(vmi.Metadata.Namespace!, claim)) is null)]
                : [],
            OwnerEndSeen = OwnerEndSeen(vmi, pods),
            NodeGone = vmi.Status?.NodeName is { Length: > 0 } node && NodeDecisions.IsGone(caches.Nodes.Get(NamespacedName.Cluster(node))),
            ActiveMigration = caches.MigrationsOf(vmi.Key())
                .FirstOrDefault(migration => !migration.IsFinal() && migration.Status?.Phase is not (null or "")),
            LiveMigrations =
            [
                .. caches.MigrationsOf(vmi.Key())
                    .Where(migration => !migration.IsFinal())
                    .Select(migration => migration.Metadata.Uid ?? ""),
            ],
            Wall = wall.Read(),
        };
    }

    private DateTimeOffset? OwnerEndSeen(VirtualMachineInstance vmi, IReadOnlyList<Pod> pods)
    {
        var key = vmi.Key();
        if (vmi.Status?.OwnerPodUID is not { } owner || (VmiDecisions.Owner(vmi, pods) is { } pod && !pod.IsFinished()))
        {
            _ended.TryRemove(key, out _);
            return null;
        }

        var now = (owner, wall.Read().Now);
        return _ended.AddOrUpdate(key, now, (_, seen) => seen.Pod == owner ? seen : now).At;
    }

    private async Task<Result> ApplyAsync(VirtualMachineInstance vmi, VmiPlan plan, CancellationToken ct)
    {
        var reference = vmi.Reference(Kinds.VirtualMachineInstance);
        // Since the pod was made a stop may have asked for less time than it has.
        long? grace = vmi is { Spec: { } spec } && (vmi.IsDeleting() || vmi.IsFinal()) ? LauncherPod.TerminationSeconds(spec) : null;
        if (plan.Readiness is { } readiness)
        {
            // Before the pod that the guest has left is: there shall always be one that Services send to.
            await api.PatchAsync(
                Kinds.Pod,
                readiness.Pod.Key(),
                PatchKind.StrategicMerge,
                UnpausedGate.Patch(readiness.Condition),
                TypesJson.Default.Pod,
                WriteOptions.Status,
                ct);
        }

        foreach (var pod in plan.DeletePods)
        {
            await PodCreation.DeleteAsync(api, pod, grace, ct);
        }

        if (plan.Forwarder is { } forwarder)
        {
            await ForwardAsync(forwarder, ct);
        }

        if (plan.CreatePod)
        {
            plan = await CreatePodAsync(vmi, plan, reference, ct);
        }

        if (ApiObjects.Patch(vmi, plan.Vmi, TypesJson.Default.VirtualMachineInstance) is { } patch)
        {
            await api.PatchAsync(
                Kinds.VirtualMachineInstance, vmi.Key(), PatchKind.Merge, patch, TypesJson.Default.VirtualMachineInstance, ct: ct);
        }

        await MarkPodsAsync(vmi, plan.Forwarder?.Pod.Metadata.Uid, ct);
        foreach (var planned in plan.Events)
        {
            Record(reference, planned);
        }

        return plan.Again is { } again ? Result.After(again) : Result.Done;
    }

    private async Task<VmiPlan> CreatePodAsync(
        VirtualMachineInstance vmi, VmiPlan plan, ObjectReference reference, CancellationToken ct)
    {
        try
        {
            var pod = LauncherPod.ForStart(vmi, caches.Configuration.Current, options.LauncherImage, await images.StorageAsync(vmi, ct));
            var (made, fresh) = await PodCreation.EnsureAsync(api, pod, ct);
            if (fresh)
            {
                events.Normal(reference, EventReasons.SuccessfulCreate, $"Created virtual machine pod {made.Metadata.Name}");
            }

            return plan;
        }
        catch (Exception e) when (e is TerminalException or ApiException { IsUnreachable: false, IsNotFound: false })
        {
            var message = $"Error creating pod: {e.Message}";
            events.Warning(reference, EventReasons.FailedCreate, message);
            return plan with
            {
                Vmi = VmiBookkeeping.NotSynchronized(plan.Vmi, EventReasons.FailedCreate, message, wall.Read().Now),
            };
        }
    }

    /// <summary>The mark comes first: a pod that is deleted without it would be taken for one that still has a guest.</summary>
    private async Task ForwardAsync(ForwarderPlan plan, CancellationToken ct)
    {
        var pod = plan.Pod;
        if (pod.Metadata.Label(Labels.Forwarder) is null)
        {
            var marked = pod with
            {
                Metadata = pod.Metadata with { Labels = pod.Metadata.Labels.With(Labels.Forwarder, plan.Migration) },
            };
            await api.PatchAsync(
                Kinds.Pod,
                pod.Key(),
                PatchKind.Merge,
                ApiObjects.Patch(pod, marked, TypesJson.Default.Pod)!,
                TypesJson.Default.Pod,
                ct: ct);
        }

        if (!pod.IsDeleting())
        {
            await PodCreation.DeleteAsync(api, pod, plan.GraceSeconds, ct);
        }
    }

    /// <summary>The descheduler learns from the source pod that its eviction is under way.</summary>
    private async Task MarkPodsAsync(VirtualMachineInstance vmi, string? justWritten, CancellationToken ct)
    {
        var evicting = !string.IsNullOrEmpty(vmi.Status?.EvacuationNodeName);
        foreach (var pod in caches.PodsOf(vmi).Where(pod => !pod.IsFinished() && pod.Metadata.Uid != justWritten))
        {
            var wanted = evicting && pod.Metadata.Uid == vmi.Status?.OwnerPodUID;
            if (wanted == (pod.Metadata.Annotation(Annotations.EvictionInProgress) is not null))
            {
                continue;
            }

            var marked = pod with
            {
                Metadata = pod.Metadata with
                {
                    Annotations = wanted
                        ? pod.Metadata.Annotations.With(Annotations.EvictionInProgress, "true")
                        : pod.Metadata.Annotations.Without(Annotations.EvictionInProgress),
                },
            };
            await api.PatchAsync(
                Kinds.Pod,
                pod.Key(),
                PatchKind.Merge,
                ApiObjects.Patch(pod, marked, TypesJson.Default.Pod)!,
                TypesJson.Default.Pod,
                ct: ct);
        }
    }

    private void Record(ObjectReference reference, PlannedEvent planned)
    {
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
