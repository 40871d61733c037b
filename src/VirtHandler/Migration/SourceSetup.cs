using System.Text.Json.Nodes;
using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The source's work on QEMU: settings, certificates, copies of disks. Every step may be repeated after a restart.</summary>
internal sealed class SourceSetup(LocalPod pod, AttemptNames names, CopiedDisk[] disks, MigrationTools tools)
{
    private const string MirrorDone = "concluded";
    private static readonly TimeSpan JobDeadline = TimeSpan.FromSeconds(5);

    public bool HasMirrors => disks.Length > 0;

    public async Task<JobInfo[]> JobsAsync(QmpClient qmp, CancellationToken ct) =>
        [.. (await qmp.QueryJobsAsync(ct)).Where(j => names.IsOurJob(j.Id))];

    public async Task PrepareAsync(
        QmpClient qmp, MigrationState state, MigrationCredentials? credentials, MonitorRules rules, CancellationToken ct)
    {
        await RemoveObjectsAsync(qmp, ct);
        if (credentials is not null)
        {
            credentials.Write(pod.Folder, state.MigrationUid!, source: true);
            await qmp.ObjectAddAsync("tls-creds-x509", names.Tls, TlsObject(state.MigrationUid!, "client"), ct);
        }

        var channels = state.MultifdChannels ?? 0;
        await qmp.SetMigrationCapabilitiesAsync(Capabilities(channels, rules.AutoConverge, state.PostCopyReady == true), ct);
        await qmp.SetMigrationParametersAsync(
            new MigrationParameters
            {
                MaxBandwidth = rules.QemuBandwidth,
                // The user's limit holds for the whole migration.
                MaxPostcopyBandwidth = rules.Bandwidth,
                DowntimeLimit = rules.InitialDowntimeLimitMs,
                MultifdChannels = channels > 0 ? channels : null,
                TlsCreds = credentials is null ? "" : names.Tls,
                TlsHostname = credentials is null ? "" : state.TargetPodUID,
                TlsAuthz = "",
                // At 99 % a guest stands still for seconds, and QEMU's own account does not show it.
                MaxCpuThrottle = rules.AutoConverge ? 80 : null,
            },
            ct);
        await StartMirrorsAsync(qmp, state, credentials is not null, rules.Bandwidth, ct);
        await qmp.ObjectAddAsync("secret", names.PreparedMarker, new JsonObject { ["data"] = "-" }, ct);
    }

    /// <summary>The same list for both sides; what is not on is switched off, for an earlier migration may have left it on.</summary>
    public static IEnumerable<KeyValuePair<string, bool>> Capabilities(int channels, bool autoConverge, bool postCopy) =>
    [
        .. MigrationCapabilities.Always.Select(c => KeyValuePair.Create(c, true)),
        KeyValuePair.Create(MigrationCapabilities.Multifd, channels > 0),
        KeyValuePair.Create(MigrationCapabilities.AutoConverge, autoConverge),
        KeyValuePair.Create(MigrationCapabilities.PostcopyRam, postCopy),
        // A page that the guest waits for does not queue behind those that it does not, nor under the limit for them.
        KeyValuePair.Create(MigrationCapabilities.PostcopyPreempt, postCopy),
    ];

    /// <summary>Gives the order; an agent before this one may have died when it was about to.</summary>
    public async Task MigrateAsync(QmpClient qmp, MigrationState state, bool begun, CancellationToken ct)
    {
        var address = state.TargetNodeAddress!;
        var port = state.PortFor(MigrationModes.PortRoleMemory)
            ?? throw new MigrationException("the target has named no port for the memory");
        if (state.UsesTls() && pod.LauncherPid is { } pid && await tools.TestConnectionAsync(pid, address, port, ct) is { } problem)
        {
            throw new MigrationException(problem);
        }

        if (!begun)
        {
            await qmp.ObjectAddAsync("secret", names.BegunMarker, new JsonObject { ["data"] = "-" }, ct);
        }

        await qmp.MigrateAsync($"tcp:{VmiView.ForUri(address)}:{port}", resume: false, ct);
    }

    /// <summary>Ends the copies of disks while the guest stands still: this side keeps its own disks, the other has equal ones.</summary>
    /// <param name="qmp">The source's monitor.</param>
    /// <param name="jobs">The copies as they were just seen, all of them ready.</param>
    /// <param name="ct">Stops waiting; the copies are then as they are.</param>
    public async Task EndMirrorsAsync(QmpClient qmp, IEnumerable<JobInfo> jobs, CancellationToken ct)
    {
        var from = qmp.Events.Position;
        var running = jobs.Where(j => j.Status != MirrorDone).ToList();
        await Task.WhenAll(running.Select(job => qmp.BlockJobCancelAsync(job.Id, force: false, ct, JobDeadline)));
        foreach (var job in running)
        {
            var ended = await qmp.Events.WaitAsync(
                from, e => e.Name == "JOB_STATUS_CHANGE" && e.Text("id") == job.Id && e.Text("status") == MirrorDone, JobDeadline, ct);
            if (ended is null)
            {
                return;
            }
        }

        if (qmp.Events.Since(from).Any(e => e.Name == "BLOCK_JOB_COMPLETED" && !string.IsNullOrEmpty(e.Text("error"))))
        {
            // Left as it is: the next look finds a broken copy and gives up.
            return;
        }

        // Sent together, done in order: the guest stands still meanwhile.
        await Task.WhenAll(
        [
            .. running.Select(job => qmp.JobDismissAsync(job.Id, ct)),
            .. disks.Select((_, i) => DeleteNodeAsync(qmp, names.RemoteNode(i), ct)),
        ]);
    }

    /// <summary>Takes everything of this attempt, or of earlier ones, out of QEMU and off the disk.</summary>
    public async Task CleanUpAsync(QmpClient qmp, CancellationToken ct)
    {
        foreach (var job in await JobsAsync(qmp, ct))
        {
            await EndJobByForceAsync(qmp, job, ct);
        }

        for (var i = 0; i < disks.Length; i++)
        {
            await DeleteNodeAsync(qmp, names.RemoteNode(i), ct);
        }

        // Parameters first: QEMU would go on naming an object that is no more.
        await qmp.SetMigrationParametersAsync(new MigrationParameters { TlsCreds = "", TlsHostname = "", TlsAuthz = "" }, ct);
        await RemoveObjectsAsync(qmp, ct);
        var tls = Path.Combine(pod.Folder, DomainFolder.Tls);
        if (Directory.Exists(tls))
        {
            Directory.Delete(tls, recursive: true);
        }
    }

    public static void DeleteCredentials(LocalPod pod, string uid)
    {
        var folder = MigrationCredentials.FolderIn(pod.Folder, uid);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private JsonObject TlsObject(string uid, string endpoint) => new()
    {
        ["dir"] = MigrationCredentials.FolderIn(pod.InnerFolder, uid),
        ["endpoint"] = endpoint,
        ["verify-peer"] = true,
    };

    private async Task StartMirrorsAsync(QmpClient qmp, MigrationState state, bool tls, long speed, CancellationToken ct)
    {
        if (disks.Length == 0)
        {
            return;
        }

        var port = state.PortFor(MigrationModes.PortRoleBlock)
            ?? throw new MigrationException("the target has named no port for disks, but there are disks to copy");
        var running = (await JobsAsync(qmp, ct)).Select(j => j.Id).ToHashSet(StringComparer.Ordinal);
        var nodes = (await qmp.QueryNamedBlockNodesAsync(ct)).Select(n => n.NodeName).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < disks.Length; i++)
        {
            if (running.Contains(names.Job(i)))
            {
                continue;
            }

            if (!nodes.Contains(names.RemoteNode(i)))
            {
                await qmp.BlockdevAddAsync(RemoteDisk(state, i, port, tls), ct);
            }

            await qmp.BlockdevMirrorAsync(
                names.Job(i), disks[i].NodeName, names.RemoteNode(i), disks[i].LayerOnly ? "top" : "full", "background", ct,
                // The disks share what one migration may use.
                speed > 0 ? Math.Max(1, speed / disks.Length) : null);
        }
    }

    private JsonObject RemoteDisk(MigrationState state, int index, int port, bool tls)
    {
        var node = new JsonObject
        {
            ["driver"] = "nbd",
            ["node-name"] = names.RemoteNode(index),
            ["server"] = new JsonObject { ["type"] = "inet", ["host"] = state.TargetNodeAddress, ["port"] = $"{port}" },
            ["export"] = disks[index].NodeName,
            ["discard"] = "unmap",
        };
        if (tls)
        {
            node["tls-creds"] = names.Tls;
            node["tls-hostname"] = state.TargetPodUID;
        }

        return node;
    }

    private async Task EndJobByForceAsync(QmpClient qmp, JobInfo job, CancellationToken ct)
    {
        if (job.Status != MirrorDone)
        {
            // A copy whose connection hangs would take the whole monitor with it when it is cancelled: cut the connection first.
            var from = qmp.Events.Position;
            var index = job.Id[(job.Id.LastIndexOf('-') + 1)..];
            await IgnoreAsync(() => qmp.YankBlockNodeAsync(names.RemoteNode(int.Parse(index)), ct));
            await IgnoreAsync(() => qmp.BlockJobCancelAsync(job.Id, force: true, ct, JobDeadline));
            await qmp.Events.WaitAsync(
                from, e => e.Name == "JOB_STATUS_CHANGE" && e.Text("id") == job.Id && e.Text("status") == MirrorDone,
                JobDeadline, ct);
        }

        await IgnoreAsync(() => qmp.JobDismissAsync(job.Id, ct));
    }

    private static Task DeleteNodeAsync(QmpClient qmp, string node, CancellationToken ct) =>
        IgnoreAsync(() => qmp.BlockdevDeleteAsync(node, ct));

    private static async Task RemoveObjectsAsync(QmpClient qmp, CancellationToken ct)
    {
        foreach (var id in (await qmp.ListObjectsAsync(ct)).Where(AttemptNames.IsAnAttempts))
        {
            await IgnoreAsync(() => qmp.ObjectDeleteAsync(id, ct));
        }
    }

    /// <summary>For clean-up: what is refused is not there any more, or will be found at the next look.</summary>
    private static async Task IgnoreAsync(Func<Task> command)
    {
        try
        {
            await command();
        }
        catch (QmpException)
        {
            // See above.
        }
    }
}
