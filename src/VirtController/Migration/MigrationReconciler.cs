using System.Collections.Concurrent;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Carries a migration from the request to the agents, watches it, and clears up after it.</summary>
internal sealed class MigrationReconciler(
    ApiClient api,
    Caches caches,
    MigrationQueue queue,
    ImageVolumeProbe images,
    EventRecorder events,
    VirtControllerOptions options,
    WallClock wall,
    TimeProvider clock)
{
    /// <summary>A target whose guest never ran need not be asked twice to end.</summary>
    private const long TargetGraceSeconds = 2;

    private readonly ConcurrentDictionary<NamespacedName, DateTimeOffset> _copied = new();

    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        if (caches.Migrations.Get(key) is not { } migration)
        {
            _copied.TryRemove(key, out _);
            return Result.Done;
        }

        var facts = await GatherAsync(migration, ct);
        return await ApplyAsync(facts, MigrationDecisions.Decide(facts), ct);
    }

    private async Task<MigrationFacts> GatherAsync(VirtualMachineInstanceMigration migration, CancellationToken ct)
    {
        var vmiKey = new NamespacedName(migration.Metadata.Namespace!, migration.Spec?.VmiName ?? "");
        var vmi = vmiKey.Name.Length == 0 ? null : caches.Vmis.Get(vmiKey);
        if (vmiKey.Name.Length > 0 && (vmi is null || (MigrationStates.IsHandedOff(migration) && vmi.Status?.MigrationState?.MigrationUid != migration.Metadata.Uid)))
        {
            // Not to be taken for gone, or for one whose migration was taken from it, because this cache is behind.
            vmi = await api.TryGetAsync(Kinds.VirtualMachineInstance, vmiKey, TypesJson.Default.VirtualMachineInstance, ct);
        }

        var target = caches.TargetPodOf(migration);
        if (target is null && !migration.IsFinal() && migration.IsRunning())
        {
            var list = await api.ListAsync(
                Kinds.Pod,
                migration.Metadata.Namespace,
                TypesJson.Default.Pod,
                new ListOptions { LabelSelector = $"{Labels.MigrationJobUid}={migration.Metadata.Uid}" },
                ct);
            target = list.Items.Count > 0 ? list.Items[0] : null;
        }

        var there = vmi?.Status?.MigrationState?.TargetNode;
        var node = string.IsNullOrEmpty(there) ? null : caches.Nodes.Get(NamespacedName.Cluster(there));
        if (node is not null && !NodeDecisions.IsGone(node) && !migration.IsFinal() && migration.IsRunning()
            && (target is null || target.IsFinished() || target.IsDeleting()))
        {
            // The pods' watch may have told of a pod that went before the nodes' watch tells why.
            node = await api.TryGetAsync(Kinds.Node, NamespacedName.Cluster(there!), TypesJson.Default.Node, ct);
        }

        var cluster = caches.Configuration.Current;
        var policy = vmi is null ? null : PolicyMatching.Match(
            caches.Policies.List(),
            vmi.Metadata.Labels,
            caches.Namespaces.Get(NamespacedName.Cluster(vmiKey.Namespace))?.Metadata.Labels);
        var pods = vmi is null ? [] : caches.PodsOf(vmi);
        return WithPlaces(new MigrationFacts
        {
            Migration = migration,
            Vmi = vmi,
            TargetPod = target,
            OwnerPod = pods.FirstOrDefault(pod => pod.Metadata.Uid == vmi?.Status?.OwnerPodUID),
            UnfinishedPods = vmi is null ? 0 : Forwarders.Unfinished(vmi, pods),
            LivePods = [.. pods.Where(pod => !pod.IsFinished()).Select(pod => pod.Metadata.Uid ?? "")],
            Siblings = caches.MigrationsOf(vmiKey),
            Configuration = MigrationSettings.Apply(cluster.Migrations, policy?.Spec),
            PolicyName = policy?.Metadata.Name,
            TargetNodeGone = !string.IsNullOrEmpty(there) && NodeDecisions.IsGone(node),
            TargetNodeKnown = node is not null,
            SourceLoss = SourceLoss(vmi?.Status?.MigrationState, pods),
            Copied = _copied.TryGetValue(migration.Key(), out var copied) ? copied : null,
            Wall = wall.Read(),
        });
    }

    private bool IsGone(string? node) => !string.IsNullOrEmpty(node) && NodeDecisions.IsGone(caches.Nodes.Get(NamespacedName.Cluster(node)));

    private string? SourceLoss(MigrationState? state, IReadOnlyList<Pod> pods) => state switch
    {
        null => null,
        _ when IsGone(state.SourceNode) => $"node {state.SourceNode} is out of service",
        _ when pods.FirstOrDefault(pod => pod.Metadata.Uid == state.SourcePodUID) is { } pod => pod.IsFinished() ? $"pod {state.SourcePod} has ended" : null,
        _ => $"pod {state.SourcePod} is gone",
    };

    /// <summary>The facts with the queue's answer, after the queue has been told what this look has shown.</summary>
    private MigrationFacts WithPlaces(MigrationFacts facts)
    {
        if (facts.Migration.IsFinal())
        {
            return facts;
        }

        var key = facts.Migration.Key();
        var waits = facts.Phase is MigrationPhases.Unset or MigrationPhases.Pending && facts is { TargetPod: null, Vmi: not null };
        var possible = waits ? PossibleTargets(facts.Vmi!, facts.Migration) : null;
        queue.Put(caches.CandidateOf(facts.Migration));
        if (waits)
        {
            queue.Note(key, MigrationDecisions.IsHeld(facts), possible);
        }

        var places = queue.Look(key);
        return facts with
        {
            HasSlot = places.HasSlot,
            HasInboundSlot = places.HasInboundSlot,
            AllTargetsFull = possible is not null && MigrationLimits.AllFull(possible, places.FullNodes, caches.Configuration.Current.Migrations),
            FullNodes = places.FullNodes,
        };
    }

    /// <summary>Nodes that could take the VMI, as far as nodes and pods' rules tell: room is the scheduler's to judge.</summary>
    private List<string> PossibleTargets(VirtualMachineInstance vmi, VirtualMachineInstanceMigration migration)
    {
        var nodes = caches.Nodes.List();
        var source = nodes.FirstOrDefault(node => node.Metadata.Name == vmi.Status?.NodeName);
        var selector = TargetSelector.ForMigration(vmi, migration.Spec?.AddedNodeSelector, source);
        return
        [
            .. nodes
                .Where(node => NodeFit.Judge(new NodeFitFacts
                {
                    Node = node,
                    SourceNode = vmi.Status?.NodeName,
                    Selector = selector,
                    Tolerations = vmi.Spec?.Tolerations ?? [],
                    Affinity = NodesOnly(vmi.Spec?.Affinity),
                }).Count == 0)
                .Select(node => node.Metadata.Name!),
        ];
    }

    private static Affinity? NodesOnly(Affinity? affinity) => affinity?.NodeAffinity is { } nodes ? new Affinity { NodeAffinity = nodes } : null;

    private async Task<Result> ApplyAsync(MigrationFacts facts, MigrationPlan plan, CancellationToken ct)
    {
        if (plan.CreateTargetPod && await CreateTargetPodAsync(facts, ct) is { } refusal)
        {
            plan = plan with { Migration = refusal };
        }

        if (plan.CreateCredentials)
        {
            await MigrationCredentials.EnsureAsync(api, plan.Vmi!.Status!.MigrationState!, clock, ct);
        }

        if (plan.Vmi is { } vmi && ApiObjects.Patch(facts.Vmi!, vmi, TypesJson.Default.VirtualMachineInstance) is { } vmiPatch)
        {
            await api.PatchAsync(
                Kinds.VirtualMachineInstance, vmi.Key(), PatchKind.Merge, vmiPatch, TypesJson.Default.VirtualMachineInstance, ct: ct);
        }

        if (plan.DeleteTargetPod && facts.TargetPod is { } target)
        {
            await PodCreation.DeleteAsync(api, target, TargetGraceSeconds, ct);
        }

        if (plan.TargetReadyAt is { } ready && facts.TargetPod is { } pod)
        {
            await AnnotateAsync(pod, ready, ct);
        }

        if (plan.DeleteCredentials)
        {
            await MigrationCredentials.DeleteAsync(api, facts.Migration.Metadata.Uid, ct);
        }

        await WriteAsync(facts, plan, ct);
        foreach (var old in plan.DeleteMigrations)
        {
            await api.TryDeleteAsync(
                Kinds.VirtualMachineInstanceMigration, old.Key(), new DeleteOptions { Uid = old.Metadata.Uid }, ct);
        }

        foreach (var planned in plan.Events)
        {
            Record(facts, planned);
        }

        return plan.Again is { } again ? Result.After(again) : Result.Done;
    }

    /// <summary>Status first: the finalizer goes last, when everything that it stands for is on record.</summary>
    private async Task WriteAsync(MigrationFacts facts, MigrationPlan plan, CancellationToken ct)
    {
        var before = facts.Migration;
        var type = TypesJson.Default.VirtualMachineInstanceMigration;
        if (ApiObjects.Patch(before, before with { Status = plan.Migration.Status }, type) is { } status)
        {
            before = await api.PatchAsync(
                Kinds.VirtualMachineInstanceMigration, before.Key(), PatchKind.Merge, status, type, WriteOptions.Status, ct);
            _copied[before.Key()] = facts.Now;
        }

        var metadata = before with
        {
            Metadata = before.Metadata with
            {
                Finalizers = plan.Migration.Metadata.Finalizers,
                Labels = plan.Migration.Metadata.Labels,
            },
        };
        if (ApiObjects.Patch(before, metadata, type) is { } patch)
        {
            await api.PatchAsync(Kinds.VirtualMachineInstanceMigration, before.Key(), PatchKind.Merge, patch, type, ct: ct);
        }
    }

    /// <summary>The migration with the quota's refusal on it, or null when there is none.</summary>
    private async Task<VirtualMachineInstanceMigration?> CreateTargetPodAsync(MigrationFacts facts, CancellationToken ct)
    {
        var vmi = facts.Vmi!;
        queue.Begin(facts.Migration.Key());
        var sourceNode = vmi.Status?.NodeName is { Length: > 0 } node ? caches.Nodes.Get(NamespacedName.Cluster(node)) : null;
        var pod = LauncherPod.ForMigration(
            vmi, facts.Migration, caches.Configuration.Current, options.LauncherImage, sourceNode, facts.FullNodes, WantsUserfaultfd(facts),
            await images.StorageAsync(vmi, ct));
        try
        {
            var (made, fresh) = await PodCreation.EnsureAsync(api, pod, ct);
            if (fresh)
            {
                events.Normal(
                    facts.Migration.Reference(Kinds.VirtualMachineInstanceMigration),
                    EventReasons.SuccessfulCreate,
                    $"Created migration target pod {made.Metadata.Name}");
            }

            return null;
        }
        catch (ApiException e) when (e.Message.Contains("exceeded quota", StringComparison.Ordinal))
        {
            queue.Withdraw(facts.Migration.Key());
            return MigrationStates.With(
                MigrationStates.Enter(facts.Migration, MigrationPhases.Pending, facts.Now),
                Conditions.MigrationRejectedByResourceQuota,
                e.Status.Message ?? e.Message,
                facts.Now);
        }
        catch (ApiException e) when (!e.IsUnreachable)
        {
            queue.Withdraw(facts.Migration.Key());
            events.Warning(
                vmi.Reference(Kinds.VirtualMachineInstance),
                EventReasons.FailedCreate,
                $"Error creating migration target pod: {e.Message}");
            throw;
        }
    }

    /// <summary>Post-copy is allowed, and there are nodes that hand the device out; where none does, the node itself may allow it without.</summary>
    private bool WantsUserfaultfd(MigrationFacts facts) =>
        facts.Configuration.AllowPostCopy == true
        && caches.Nodes.List().Any(static node => node.Status?.Allocatable?.ContainsKey(Launcher.UserfaultfdDevice) == true);

    private async Task AnnotateAsync(Pod pod, DateTimeOffset ready, CancellationToken ct)
    {
        var annotated = pod with
        {
            Metadata = pod.Metadata with
            {
                Annotations = pod.Metadata.Annotations.With(Annotations.MigrationTargetReady, Timestamps.Format(ready)),
            },
        };
        var patch = ApiObjects.Patch(pod, annotated, TypesJson.Default.Pod)!;

        // The pod's status changes at the same time; only the one annotation is ours, so no version is asked for.
        (patch["metadata"] as System.Text.Json.Nodes.JsonObject)!.Remove("resourceVersion");
        await api.PatchAsync(Kinds.Pod, pod.Key(), PatchKind.Merge, patch, TypesJson.Default.Pod, ct: ct);
    }

    private void Record(MigrationFacts facts, PlannedEvent planned)
    {
        var reference = planned.OnVmi
            ? facts.Vmi!.Reference(Kinds.VirtualMachineInstance)
            : facts.Migration.Reference(Kinds.VirtualMachineInstanceMigration);
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
