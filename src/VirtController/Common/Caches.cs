using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtController;

/// <summary>What virt-controller knows of the cluster.</summary>
internal sealed class Caches
{
    private const string ByVmi = "vmi";
    private const string ByNode = "node";
    private const string ByMigration = "migration";
    private const string ByClaim = "claim";
    private const string ByNamespace = "namespace";

    public Caches(ApiClient api, ILogger logger, TimeProvider clock)
    {
        Vmis = new Informer<VirtualMachineInstance>(
            api, Kinds.VirtualMachineInstance, TypesJson.Default.VirtualMachineInstance, logger, clock)
            .Keeping(CachedParts.Of)
            .WithIndex(ByNamespace, vmi => [vmi.Metadata.Namespace ?? ""])
            .WithIndex(ByNode, vmi => vmi.Status?.NodeName is { Length: > 0 } node ? [node] : [])
            .WithIndex(ByClaim, vmi => ClaimsOf(vmi).Select(claim => $"{vmi.Metadata.Namespace}/{claim}"));
        Migrations = new Informer<VirtualMachineInstanceMigration>(
            api,
            Kinds.VirtualMachineInstanceMigration,
            TypesJson.Default.VirtualMachineInstanceMigration,
            logger,
            clock)
            .Keeping(CachedObjects.WithoutManagedFields)
            .WithIndex(ByVmi, migration => [$"{migration.Metadata.Namespace}/{migration.Spec?.VmiName}"]);
        VirtualMachines = new Informer<VirtualMachine>(
            api, Kinds.VirtualMachine, TypesJson.Default.VirtualMachine, logger, clock)
            .Keeping(CachedObjects.WithoutManagedFields)
            .WithIndex(ByClaim, vm => ClaimsOf(vm.Spec?.Template?.Spec).Select(claim => $"{vm.Metadata.Namespace}/{claim}"));
        ReplicaSets = new Informer<VirtualMachineInstanceReplicaSet>(
            api, Kinds.VirtualMachineInstanceReplicaSet, TypesJson.Default.VirtualMachineInstanceReplicaSet, logger, clock)
            .Keeping(CachedObjects.WithoutManagedFields)
            .WithIndex(ByNamespace, set => [set.Metadata.Namespace ?? ""]);
        Pods = new Informer<Pod>(
            api, Kinds.Pod, TypesJson.Default.Pod, logger, clock,
            new InformerOptions { LabelSelector = $"{Labels.App}={Labels.AppVirtLauncher}" })
            .Keeping(CachedParts.Of)
            .WithIndex(ByVmi, pod => pod.Metadata.Label(Labels.CreatedBy) is { } uid ? [uid] : [])
            .WithIndex(ByMigration, pod => pod.Metadata.Label(Labels.MigrationJobUid) is { } uid ? [uid] : []);
        Nodes = new Informer<Node>(api, Kinds.Node, TypesJson.Default.Node, logger, clock)
            .Keeping(CachedParts.Of);
        Claims = new Informer<PersistentVolumeClaim>(
            api, Kinds.PersistentVolumeClaim, TypesJson.Default.PersistentVolumeClaim, logger, clock)
            .Keeping(CachedObjects.WithoutManagedFields);
        Namespaces = new Informer<Namespace>(api, Kinds.Namespace, TypesJson.Default.Namespace, logger, clock)
            .Keeping(CachedObjects.WithoutManagedFields);
        Policies = new Informer<MigrationPolicy>(
            api, Kinds.MigrationPolicy, TypesJson.Default.MigrationPolicy, logger, clock)
            .Keeping(CachedObjects.WithoutManagedFields);
        ApiServices = new Informer<JsonObject>(
            api, Kinds.ApiService, MachineryJson.Default.JsonObject, logger, clock, new InformerOptions { LabelSelector = Labels.App });
        Configuration = new ConfigurationCache(api, logger, clock);
    }

    public Informer<VirtualMachineInstance> Vmis { get; }

    public Informer<VirtualMachineInstanceMigration> Migrations { get; }

    public Informer<VirtualMachine> VirtualMachines { get; }

    public Informer<VirtualMachineInstanceReplicaSet> ReplicaSets { get; }

    public Informer<Pod> Pods { get; }

    public Informer<Node> Nodes { get; }

    public Informer<PersistentVolumeClaim> Claims { get; }

    public Informer<Namespace> Namespaces { get; }

    public Informer<MigrationPolicy> Policies { get; }

    /// <summary>The APIs that virt-api serves.</summary>
    public Informer<JsonObject> ApiServices { get; }

    public ConfigurationCache Configuration { get; }

    /// <summary>The loops that fill the caches.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> Loops =>
    [
        Vmis.RunAsync, Migrations.RunAsync, Pods.RunAsync, Nodes.RunAsync, Claims.RunAsync, Namespaces.RunAsync,
        Policies.RunAsync, Configuration.RunAsync, VirtualMachines.RunAsync, ReplicaSets.RunAsync,
        ApiServices.RunAsync,
    ];

    /// <summary>What must be filled before anything is decided.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> Synced =>
    [
        Vmis.WaitForSyncAsync, Migrations.WaitForSyncAsync, Pods.WaitForSyncAsync, Nodes.WaitForSyncAsync,
        Claims.WaitForSyncAsync, Namespaces.WaitForSyncAsync, Policies.WaitForSyncAsync, Configuration.WaitForSyncAsync,
        VirtualMachines.WaitForSyncAsync, ReplicaSets.WaitForSyncAsync, ApiServices.WaitForSyncAsync,
    ];

    /// <summary>Whether all of <see cref="Synced"/> is.</summary>
    public bool HasSynced => Vmis.HasSynced && Migrations.HasSynced && Pods.HasSynced && Nodes.HasSynced && Claims.HasSynced
        && Namespaces.HasSynced && Policies.HasSynced && Configuration.HasSynced && VirtualMachines.HasSynced && ReplicaSets.HasSynced
        && ApiServices.HasSynced;

    /// <summary>Objects that are cached and of which there may be thousands.</summary>
    public int Count => Vmis.Count + Migrations.Count + Pods.Count + Nodes.Count + Claims.Count + VirtualMachines.Count;

    public IReadOnlyList<Pod> PodsOf(VirtualMachineInstance vmi) => Pods.ByIndex(ByVmi, vmi.Metadata.Uid ?? "");

    public Pod? TargetPodOf(VirtualMachineInstanceMigration migration) =>
        Pods.ByIndex(ByMigration, migration.Metadata.Uid ?? "") is { Count: > 0 } pods ? pods[0] : null;

    /// <summary>The migration as the limits see it.</summary>
    public MigrationLimits.Candidate CandidateOf(VirtualMachineInstanceMigration migration)
    {
        var vmi = Vmis.Get(new NamespacedName(migration.Metadata.Namespace!, migration.Spec?.VmiName ?? ""));
        var source = vmi?.Status?.MigrationState is { } state && state.MigrationUid == migration.Metadata.Uid
            ? state.SourceNode
            : vmi?.Status?.NodeName;
        var target = TargetPodOf(migration);
        return new MigrationLimits.Candidate(
            migration, source, target is not null, target?.Spec?.NodeName, target?.Metadata.CreationTimestamp);
    }

    public IReadOnlyList<VirtualMachineInstanceMigration> MigrationsOf(NamespacedName vmi) =>
        Migrations.ByIndex(ByVmi, vmi.ToString());

    public IReadOnlyList<VirtualMachineInstance> VmisOn(string node) => Vmis.ByIndex(ByNode, node);

    public IReadOnlyList<VirtualMachineInstance> VmisWith(NamespacedName claim) => Vmis.ByIndex(ByClaim, claim.ToString());

    public IReadOnlyList<VirtualMachine> VirtualMachinesWith(NamespacedName claim) =>
        VirtualMachines.ByIndex(ByClaim, claim.ToString());

    public IReadOnlyList<VirtualMachineInstance> VmisIn(string @namespace) => Vmis.ByIndex(ByNamespace, @namespace);

    public IReadOnlyList<VirtualMachineInstanceReplicaSet> ReplicaSetsIn(string @namespace) =>
        ReplicaSets.ByIndex(ByNamespace, @namespace);

    /// <summary>The VMI that the pod was made for.</summary>
    public static NamespacedName? VmiOf(Pod pod) =>
        pod.Metadata.Controller() is { Kind: "VirtualMachineInstance", Name: { } name }
            ? new NamespacedName(pod.Metadata.Namespace ?? "", name)
            : null;

    /// <summary>Names of the claims that the VMI's volumes are on.</summary>
    public static IEnumerable<string> ClaimsOf(VirtualMachineInstance vmi) => ClaimsOf(vmi.Spec);

    /// <summary>Those of the VMI's claims whose volumes are block devices.</summary>
    public IReadOnlySet<string> BlockClaimsOf(VirtualMachineInstance vmi) => ClaimsOf(vmi)
        .Where(claim => Claims.Get(new NamespacedName(vmi.Metadata.Namespace!, claim))?.Spec?.VolumeMode == VolumeModes.Block)
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>Names of the claims that the volumes of a VMI's spec are on.</summary>
    public static IEnumerable<string> ClaimsOf(VirtualMachineInstanceSpec? spec) =>
        (spec?.Volumes ?? [])
        .Select(volume => volume.PersistentVolumeClaim?.ClaimName
            ?? volume.DataVolume?.Name
            ?? volume.Ephemeral?.PersistentVolumeClaim?.ClaimName)
        .OfType<string>()
        .Distinct(StringComparer.Ordinal);
}
