using System.Collections.Concurrent;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Agents;
using Godwit.VirtHandler.Disks;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;
using Godwit.VirtHandler.Node;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Boot;

/// <summary>
/// Looks after the guests that this node owns: prepares their pods, starts them, tells how they are, shuts them down. All it
/// knows it reads back from the API server, the pod's folder and QEMU.
/// </summary>
public sealed partial class VmiReconciler(
    ApiClient api,
    Informer<VirtualMachineInstance> vmis,
    Informer<Pod> pods,
    Informer<Types.Node> nodes,
    Func<ClusterConfiguration> cluster,
    VirtHandlerOptions options,
    NodeFacts node,
    GuestPreparer preparer,
    GuestWatchers watchers,
    GuestAgents agents,
    VolumeGatherer volumes,
    IPodLocator locator,
    QmpClientOptions monitors,
    MigrationReconciler migrations,
    EventRecorder events,
    ILogger logger,
    TimeProvider time)
{
    /// <summary>Index of pods by their UID.</summary>
    public const string PodsByUid = "uid";

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromSeconds(5);

    /// <summary>Between two tries whether a disk takes a write again.</summary>
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, long> _retried = new(StringComparer.Ordinal);
    private readonly VmiWriter _writer = new(api);
    private readonly ConcurrentDictionary<NamespacedName, IReadOnlyList<string>> _podsOf = new();

    /// <summary>The claims that the VMI's volumes are on, as namespace/name: a change of one may decide whether it can move.</summary>
    public static IEnumerable<string> ClaimKeys(VirtualMachineInstance vmi) =>
        (vmi.Spec?.Volumes ?? []).Select(VolumeRequests.ClaimName).OfType<string>().Select(claim => $"{vmi.Metadata.Namespace}/{claim}");

    /// <summary>Every pod that plays a part in the VMI's life: its owner, and both ends of a migration.</summary>
    public static IReadOnlyList<string> PodUids(VirtualMachineInstance vmi) =>
        [.. new[] { vmi.Status?.OwnerPodUID, vmi.Status?.MigrationState?.SourcePodUID, vmi.Status?.MigrationState?.TargetPodUID }
            .Where(uid => !string.IsNullOrEmpty(uid)).Select(uid => uid!).Distinct(StringComparer.Ordinal)];

    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var vmi = vmis.Get(key);
        await MigrateAsync(key, vmi, cancellationToken);
        if (vmi is null)
        {
            return Result.Done;
        }

        var facts = await GatherAsync(vmi, key, cancellationToken);
        var plan = GuestDecision.Decide(facts);
        return await ApplyAsync(facts, plan, cancellationToken);
    }

    // Migrations have a loop of their own for each pod; here they only learn that something has changed.
    private async Task MigrateAsync(NamespacedName key, VirtualMachineInstance? vmi, CancellationToken cancellationToken)
    {
        var before = _podsOf.GetValueOrDefault(key, []);
        var here = new List<string>();
        foreach (var podUid in vmi is null ? [] : PodUids(vmi))
        {
            if (pods.ByIndex(PodsByUid, podUid) is not [{ Status.PodIP: { Length: > 0 } ip } pod])
            {
                continue;
            }

            here.Add(podUid);
            await migrations.ReconcileAsync(
                vmi!,
                new LocalPod
                {
                    Uid = podUid,
                    Name = pod.Metadata.Name!,
                    Ip = ip,
                    Dedicated = DedicatedAddress.Of(pod.Metadata.Annotations),
                    Folder = Place(podUid).Folder,
                    LauncherPid = MigrationReconciler.RoleOf(vmi!, podUid) == MigrationRole.None ? null : await locator.FindLauncherAsync(podUid, cancellationToken),
                },
                cancellationToken);
        }

        foreach (var gone in before.Except(here, StringComparer.Ordinal))
        {
            _retried.TryRemove(gone, out _);
            await migrations.ForgetAsync(gone);
        }

        if (here.Count > 0)
        {
            _podsOf[key] = here;
        }
        else
        {
            _podsOf.TryRemove(key, out _);
        }
    }

    private async Task<GuestFacts> GatherAsync(VirtualMachineInstance vmi, NamespacedName key, CancellationToken cancellationToken)
    {
        var facts = new GuestFacts
        {
            Vmi = vmi,
            Node = options.Node,
            Cluster = cluster(),
            NodeKnowsHostModel = nodes.Get(NamespacedName.Cluster(options.Node)) is not { } self || NodeLabels.NamesHostModel(self.Metadata.Labels),
            SoftwareEmulation = node.Accelerator.Name == AcceleratorInfo.Tcg ? node.Accelerator.Reason : null,
            Now = time.GetUtcNow(),
        };
        if (vmi.Status is not { OwnerPodUID: { Length: > 0 } podUid } || vmi.Status.NodeName != options.Node || !vmi.IsHandedToHandler()
            || pods.ByIndex(PodsByUid, podUid) is not [var pod])
        {
            return facts;
        }

        var place = Place(podUid);
        var domain = Domain.Read(place.Folder);
        var guest = domain is not null ? watchers.Ensure(place, key) : null;
        if (guest is not null && GuestReport.ChangesPause(vmi, guest.RunState))
        {
            // A pause is recorded by who made it, and that word may be here before QEMU's.
            guest = await watchers.LookAsync(place, cancellationToken);
        }

        return facts with
        {
            Pod = pod,
            HasDomain = domain is not null,
            Incoming = domain?.Incoming == true,
            MayHaveRun = File.Exists($"{place.Folder}/{DomainFolder.Released}"),
            ShutdownRequested = File.Exists(place.ShutdownRequest),
            Launcher = LauncherStatus.Read(place.Folder),
            Guest = guest,
            Agent = await AskAgentAsync(vmi, place, guest, cancellationToken),
            Volumes = domain is not null ? await volumes.ClaimsAsync(vmi, cancellationToken) : VolumeFacts.None,
        };
    }

    private async Task<Result> ApplyAsync(GuestFacts facts, GuestPlan plan, CancellationToken cancellationToken)
    {
        var vmi = facts.Vmi;
        if (plan.RequestShutdown)
        {
            PodFolder.Write(Place(vmi.Status!.OwnerPodUID!).Folder, DomainFolder.ShutdownRequested, "");
        }

        switch (plan.Step)
        {
            case GuestStep.None:
                Tell(vmi, plan.Event);
                return facts.Agent is null ? Result.Done : Result.After(GuestAgents.Period);
            case GuestStep.Wait:
                Tell(vmi, plan.Event);
                return Result.After(Soon);
            case GuestStep.Prepare:
                return await PrepareAsync(facts, cancellationToken);
            case GuestStep.Start:
                await StartAsync(vmi, cancellationToken);
                return Result.After(Soon);
            case GuestStep.Retry:
                return await RetryAsync(vmi, cancellationToken);
            default:
                _retried.TryRemove(vmi.Status?.OwnerPodUID ?? "", out _);
                var after = GuestReport.Apply(facts, plan.Phase);
                await _writer.WriteAsync(vmi, after, cancellationToken);
                if (after.Status!.Phase != vmi.Status!.Phase)
                {
                    LogPhase(logger, Key(vmi), vmi.Status.Phase ?? "", after.Status.Phase ?? "");
                }

                Tell(vmi, plan.Event);
                Tell(vmi, GuestReport.Pinned(vmi, after));
                return facts.Agent is null ? Result.Done : Result.After(GuestAgents.Period);
        }
    }

    // A guest that stands still cannot answer, and while it is on its way what it tells is not written anyway.
    private async Task<AgentReport?> AskAgentAsync(VirtualMachineInstance vmi, PodPlace place, GuestState? guest, CancellationToken cancellationToken)
    {
        if (guest?.AgentConnected != true)
        {
            agents.Forget(place.PodUid);
            return null;
        }

        return vmi.IsMigrating() || !guest.Running ? agents.Last(place.PodUid) : await agents.ReportAsync(place, cancellationToken);
    }

    private async Task<Result> PrepareAsync(GuestFacts facts, CancellationToken cancellationToken)
    {
        var vmi = facts.Vmi;
        var place = Place(vmi.Status!.OwnerPodUID!);
        try
        {
            var started = time.GetTimestamp();
            if (await preparer.PrepareAsync(vmi, place, incoming: false, cancellationToken) is not { } guest)
            {
                return Result.After(Soon);
            }

            // The record goes before the guest: from the moment that the launcher has its domain, a target can be built from it.
            await _writer.WriteAsync(vmi, GuestReport.Record(vmi, guest), cancellationToken);
            guest.Domain.Write(place.Folder);
            LogPrepared(logger, Key(vmi), place.PodUid, time.GetElapsedTime(started).TotalMilliseconds);
            Tell(vmi, new GuestEvent(EventReasons.Created, "VirtualMachineInstance defined."));
            watchers.Ensure(place, Key(vmi));
            return Result.After(Soon);
        }
        catch (Exception e) when (e is DomainException or DiskException or HostToolException)
        {
            LogRefused(logger, Key(vmi), e.Message);
            await _writer.WriteAsync(vmi, GuestReport.Fail(facts with { Volumes = await volumes.ClaimsAsync(vmi, cancellationToken) }, e.Message), cancellationToken);
            Tell(vmi, new GuestEvent(EventReasons.SyncFailed, e.Message, EventReasons.Warning));
            return Result.After(AfterRefusal);
        }
    }

    private async Task<Result> RetryAsync(VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        var pod = vmi.Status!.OwnerPodUID!;
        if (_retried.TryGetValue(pod, out var last) && time.GetElapsedTime(last) is var since && since < RetryPeriod)
        {
            return Result.After(RetryPeriod - since);
        }

        _retried[pod] = time.GetTimestamp();
        await StartAsync(vmi, cancellationToken);
        LogRetried(logger, Key(vmi));
        return Result.After(RetryPeriod);
    }

    // The record is read anew: the cache may be behind, and a guest may run only where the record says.
    private async Task StartAsync(VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        var now = await api.TryGetAsync(Kinds.VirtualMachineInstance, Key(vmi), TypesJson.Default.VirtualMachineInstance, cancellationToken);
        var podUid = vmi.Status!.OwnerPodUID!;
        if (now?.Metadata.Uid != vmi.Metadata.Uid || now?.Status?.OwnerPodUID != podUid || now.IsMigrating())
        {
            return;
        }

        try
        {
            await using var qmp = await QmpClient.ConnectAsync(Place(podUid).Folder, DomainFolder.ControlSocket, monitors, cancellationToken);
            if ((await qmp.QueryStatusAsync(cancellationToken)).Status is RunStates.Prelaunch or RunStates.IoError)
            {
                await qmp.ContinueAsync(cancellationToken);
            }
        }
        catch (Exception e) when (e is QmpUnavailableException or System.Net.Sockets.SocketException or IOException)
        {
            LogNotStarted(logger, Key(vmi), e.Message);
        }
    }

    private void Tell(VirtualMachineInstance vmi, GuestEvent? word)
    {
        if (word is null)
        {
            return;
        }

        var about = new Machinery.ObjectReference(Kinds.VirtualMachineInstance.ApiVersion, Kinds.VirtualMachineInstance.Kind, Key(vmi), vmi.Metadata.Uid!, vmi.Metadata.ResourceVersion ?? "");
        if (word.Type == EventReasons.Warning)
        {
            events.Warning(about, word.Reason, word.Message);
        }
        else
        {
            events.Normal(about, word.Reason, word.Message);
        }
    }

    private PodPlace Place(string podUid) => new(options.KubeletRoot, podUid);

    private static NamespacedName Key(VirtualMachineInstance vmi) => new(vmi.Metadata.Namespace!, vmi.Metadata.Name!);

    [LoggerMessage(410, LogLevel.Information, "{Vmi}: {From} → {To}")]
    private static partial void LogPhase(ILogger logger, NamespacedName vmi, string from, string to);

    [LoggerMessage(411, LogLevel.Information, "{Vmi}: pod {PodUid} prepared in {Milliseconds:0} ms")]
    private static partial void LogPrepared(ILogger logger, NamespacedName vmi, string podUid, double milliseconds);

    [LoggerMessage(412, LogLevel.Warning, "{Vmi} cannot be prepared: {Reason}")]
    private static partial void LogRefused(ILogger logger, NamespacedName vmi, string reason);

    [LoggerMessage(414, LogLevel.Warning, "{Vmi} was stopped by a disk that refused a write (is it full?); it is tried whether it goes on")]
    private static partial void LogRetried(ILogger logger, NamespacedName vmi);

    [LoggerMessage(413, LogLevel.Warning, "{Vmi} could not be started yet: {Reason}")]
    private static partial void LogNotStarted(ILogger logger, NamespacedName vmi, string reason);
}
