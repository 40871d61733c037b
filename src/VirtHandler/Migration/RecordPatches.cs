using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler.Migration;

/// <summary>The JSON patches by which a migration's facts are written. Each tests what it rests on, so that a late one cannot do harm.</summary>
public static class RecordPatches
{
    private const string State = "/status/migrationState";
    private const string Owner = "/status/ownerPodUID";
    private const int MaxDecisions = 20;

    /// <summary>
    /// The commit: names the target as owner. It rests on the very version in which neither abort nor failure stood.
    /// </summary>
    /// <param name="seen">The VMI in that version.</param>
    /// <param name="paused">When the guest stopped.</param>
    /// <param name="addresses">The target pod's addresses, at which the guest is reached from now on; null when they are not known yet.</param>
    /// <param name="postCopy">The rest follows by post-copy.</param>
    public static JsonArray Commit(
        VirtualMachineInstance seen, DateTimeOffset? paused, IReadOnlyList<string>? addresses = null, bool postCopy = false)
    {
        var state = seen.Status!.MigrationState!;
        var patch = Guarded(state.MigrationUid!, state.SourcePodUID!);
        patch.Add((JsonNode)JsonPatch.Test("/metadata/resourceVersion", seen.Metadata.ResourceVersion));
        patch.Add((JsonNode)JsonPatch.Replace(Owner, state.TargetPodUID));
        patch.Add((JsonNode)JsonPatch.Add("/status/nodeName", state.TargetNode));
        AddLabel(patch, seen, Labels.NodeName, state.TargetNode);
        Readdress(patch, seen.Status.Interfaces, addresses);
        Set(patch, "pauseTimestamp", Micro(paused));
        Set(patch, "mode", postCopy ? MigrationModes.PostCopy : null);
        return patch;
    }

    /// <summary>The last figures of the source, told when the target owns the guest: not in the commit, for which it stands still.</summary>
    /// <param name="state">The migration.</param>
    /// <param name="qemuDowntimeMs">The downtime by QEMU's account, milliseconds.</param>
    /// <param name="transfer">What was sent in the end; the last sample on record may be a second old.</param>
    public static JsonArray Figures(MigrationState state, double qemuDowntimeMs, JsonObject? transfer)
    {
        var patch = Guarded(state.MigrationUid!, state.TargetPodUID!);
        Set(patch, "qemuDowntimeMs", qemuDowntimeMs);
        if (transfer is not null)
        {
            transfer["percent"] = 100;
            transfer["remainingBytes"] = 0;
            transfer["etaMinSeconds"] = 0;
            transfer["etaMaxSeconds"] = 0;
        }

        Set(patch, "transfer", transfer);
        return patch;
    }

    /// <summary>
    /// Gives the record back to the source and says in the same breath that the migration has failed: else the source would
    /// commit again.
    /// </summary>
    public static JsonArray HandBack(VirtualMachineInstance seen, string reason, DateTimeOffset now)
    {
        var state = seen.Status!.MigrationState!;
        var patch = Guarded(state.MigrationUid!, state.TargetPodUID!);
        patch.Add((JsonNode)JsonPatch.Test("/metadata/resourceVersion", seen.Metadata.ResourceVersion));
        patch.Add((JsonNode)JsonPatch.Replace(Owner, state.SourcePodUID));
        patch.Add((JsonNode)JsonPatch.Add("/status/nodeName", state.SourceNode));
        AddLabel(patch, seen, Labels.NodeName, state.SourceNode);
        Failed(patch, reason, abortStatus: null, now);
        return patch;
    }

    /// <summary>
    /// The failure. It rests on the source owning the guest: after a commit it is too late to fail. Its mere success outdates
    /// every commit under way.
    /// </summary>
    public static JsonArray Failure(MigrationState state, string reason, string? abortStatus, DateTimeOffset now)
    {
        var patch = Guarded(state.MigrationUid!, state.SourcePodUID!);
        if (state.StartTimestamp is null)
        {
            Set(patch, "startTimestamp", Seconds(now));
        }

        Failed(patch, reason, abortStatus, now);
        return patch;
    }

    public static JsonArray Started(MigrationState state, bool tls, DateTimeOffset now)
    {
        var patch = Guarded(state.MigrationUid!, state.SourcePodUID!);
        Set(patch, "startTimestamp", Seconds(state.StartTimestamp ?? now));
        Set(patch, "mode", MigrationModes.PreCopy);
        Set(patch, "tls", tls);
        return patch;
    }

    public static JsonArray Published(
        MigrationState state, string address, IReadOnlyDictionary<int, int> ports, int channels, bool? postCopyReady = null)
    {
        var patch = Guarded(state.MigrationUid!, state.SourcePodUID!);
        var map = new JsonObject();
        foreach (var (port, role) in ports)
        {
            map[port.ToString(CultureInfo.InvariantCulture)] = role;
        }

        Set(patch, "multifdChannels", channels);
        Set(patch, "postCopyReady", postCopyReady);
        Set(patch, "targetDirectMigrationNodePorts", map);
        Set(patch, "targetNodeDomainDetected", true);
        Set(patch, "targetNodeAddress", address);
        return patch;
    }

    /// <summary>The end of a migration that succeeded.</summary>
    public static JsonArray Running(VirtualMachineInstance seen, DateTimeOffset? resumed, DateTimeOffset now)
    {
        var state = seen.Status!.MigrationState!;
        var patch = Arrived(seen, resumed, now);
        Set(patch, "endTimestamp", Seconds(now));
        Set(patch, "completed", true);
        if (state.Transfer is not null)
        {
            Set(patch, "transfer/percent", 100);
            Set(patch, "transfer/remainingBytes", 0);
            Set(patch, "transfer/etaMinSeconds", 0);
            Set(patch, "transfer/etaMaxSeconds", 0);
        }

        if (seen.Metadata.Label(Labels.MigrationTargetNodeName) is not null)
        {
            patch.Add((JsonNode)JsonPatch.Remove(LabelPath(Labels.MigrationTargetNodeName)));
        }

        return patch;
    }

    /// <summary>The guest runs at the target; in post-copy a part of its memory is still to come.</summary>
    public static JsonArray Arrived(VirtualMachineInstance seen, DateTimeOffset? resumed, DateTimeOffset now)
    {
        var state = seen.Status!.MigrationState!;
        var patch = Guarded(state.MigrationUid!, state.TargetPodUID!);
        if (state.TargetNodeDomainReadyTimestamp is null)
        {
            Set(patch, "targetNodeDomainReadyTimestamp", Seconds(now));
        }

        if (resumed is { } at && state.ResumeTimestamp is null)
        {
            Set(patch, "resumeTimestamp", Micro(at));
            if (state.PauseTimestamp is { } paused)
            {
                Set(patch, "pauseMs", Math.Round((at - paused).TotalMilliseconds, 3));
            }
        }

        var conditions = seen.Status.Conditions ?? [];
        for (var i = 0; i < conditions.Count; i++)
        {
            if (conditions[i] is { Type: Conditions.Paused, Reason: Reasons.PausedByMigrationMonitor })
            {
                // The place in the list is tested too, as others write it as well.
                patch.Add((JsonNode)JsonPatch.Test($"/status/conditions/{i}/reason", Reasons.PausedByMigrationMonitor));
                patch.Add((JsonNode)JsonPatch.Remove($"/status/conditions/{i}"));
                break;
            }
        }

        if (seen.Status.EvacuationNodeName is not null)
        {
            patch.Add((JsonNode)JsonPatch.Remove("/status/evacuationNodeName"));
        }

        return patch;
    }

    /// <summary>The state of post-copy's channel; the source tells it, to whoever owns the guest now.</summary>
    public static JsonArray Channel(MigrationState state, string channelState, string? reason, DateTimeOffset now)
    {
        var patch = Guarded(state.MigrationUid!, state.TargetPodUID!);
        var breaks = (state.Channel?.Breaks ?? 0) + (channelState == MigrationChannel.Broken ? 1 : 0);
        var channel = new JsonObject
        {
            ["state"] = channelState,
            ["breaks"] = breaks,
            ["since"] = Seconds(now),
        };
        if (reason is not null)
        {
            channel["reason"] = reason;
        }

        Set(patch, "channel", channel);
        return patch;
    }

    /// <summary>What becomes of the connections that were open; the source tells it, whoever owns the guest.</summary>
    public static JsonArray Forwarding(string migrationUid, MigrationForwarding forwarding)
    {
        JsonArray patch = [(JsonNode)JsonPatch.Test($"{State}/migrationUid", migrationUid)];
        Set(patch, "forwarding", JsonSerializer.SerializeToNode(forwarding, TypesJson.Default.MigrationForwarding));
        return patch;
    }

    /// <summary>The end of what is forwarded, told by the guest's own agent for one that is not there to tell it; not if that has told more meanwhile.</summary>
    public static JsonArray ForwarderLost(string migrationUid, string stateBefore, MigrationForwarding ended)
    {
        var patch = Forwarding(migrationUid, ended);
        patch.Insert(0, (JsonNode)JsonPatch.Test($"{State}/forwarding/state", stateBefore));
        return patch;
    }

    /// <summary>The progress, as long as <paramref name="owner"/> (of source and target the one that owns the guest now) has the guest.</summary>
    public static JsonArray Progress(MigrationState state, string? owner, MonitorSample sample, ProgressReport report, DateTimeOffset now)
    {
        var patch = Guarded(state.MigrationUid!, owner ?? state.SourcePodUID!);
        Set(patch, "transfer", Transfer(sample, report, now));
        return patch;
    }

    /// <summary>A sample as the status shows it.</summary>
    public static JsonObject Transfer(MonitorSample sample, ProgressReport report, DateTimeOffset now)
    {
        var transfer = new JsonObject
        {
            ["totalBytes"] = sample.RamTotal + sample.DiskTotal,
            ["transferredBytes"] = sample.Transferred,
            ["remainingBytes"] = sample.Remaining,
            ["diskTotalBytes"] = sample.DiskTotal,
            ["diskRemainingBytes"] = sample.DiskRemaining,
            ["rateBytesPerSecond"] = sample.RateBytesPerSecond,
            ["dirtyRateBytesPerSecond"] = sample.DirtyRateBytesPerSecond,
            ["pass"] = sample.Pass,
            ["percent"] = report.Percent,
            ["updated"] = Seconds(now),
        };
        // What is not known is left out: a null is no number to an API server.
        Add("throttlePercent", sample.ThrottlePercent);
        Add("etaMinSeconds", Rounded(report.EtaMinSeconds));
        Add("etaMaxSeconds", Rounded(report.EtaMaxSeconds));
        return transfer;

        void Add(string field, JsonNode? value)
        {
            if (value is not null)
            {
                transfer[field] = value;
            }
        }
    }

    /// <summary>
    /// The monitor has stopped the guest. It rests on the version that was read, as others write conditions too. Null: there is
    /// nothing to tell (any more). A pause by the guest's user stays on record as such: it outlasts the migration.
    /// </summary>
    public static JsonArray? PausedByMonitor(VirtualMachineInstance seen, string migrationUid, DateTimeOffset now)
    {
        if (seen.Status?.MigrationState is not { Failed: not true } state || state.MigrationUid != migrationUid
            || seen.Status.OwnerPodUID != state.SourcePodUID)
        {
            return null;
        }

        var paused = seen.Status.Conditions.IsTrue(Conditions.Paused);
        if (paused && state.Mode == MigrationModes.Paused)
        {
            return null;
        }

        var patch = Guarded(migrationUid, state.SourcePodUID!);
        patch.Add((JsonNode)JsonPatch.Test("/metadata/resourceVersion", seen.Metadata.ResourceVersion));
        Set(patch, "mode", MigrationModes.Paused);
        if (!paused)
        {
            var conditions = seen.Status.Conditions.With(
                Conditions.Paused, status: true, now, Reasons.PausedByMigrationMonitor, "VMI was paused by the migration monitor");
            patch.Add((JsonNode)JsonPatch.Add(
                "/status/conditions", JsonSerializer.SerializeToNode(conditions, TypesJson.Default.IReadOnlyListCondition)));
        }

        return patch;
    }

    public static JsonArray Aborting(MigrationState state)
    {
        var patch = Guarded(state.MigrationUid!, state.SourcePodUID!);
        Set(patch, "abortStatus", MigrationModes.Aborting);
        return patch;
    }

    /// <summary>The list of decisions with one more, the oldest dropped beyond 20.</summary>
    public static JsonArray Decision(MigrationState state, string action, string reason, DateTimeOffset now)
    {
        var patch = Guarded(state.MigrationUid!, state.SourcePodUID!);
        var list = new JsonArray();
        foreach (var earlier in (state.Decisions ?? []).TakeLast(MaxDecisions - 1))
        {
            list.Add((JsonNode)new JsonObject
            {
                ["time"] = Seconds(earlier.Time ?? now),
                ["action"] = earlier.Action,
                ["reason"] = earlier.Reason,
            });
        }

        list.Add((JsonNode)new JsonObject { ["time"] = Seconds(now), ["action"] = action, ["reason"] = reason });
        Set(patch, "decisions", list);
        return patch;
    }

    // By their place in the list: the commit rests on the version that was read. What the guest told of addresses of its own stays.
    private static void Readdress(JsonArray patch, IReadOnlyList<InterfaceStatus>? interfaces, IReadOnlyList<string>? addresses)
    {
        for (var i = 0; addresses is [var first, ..] && i < interfaces?.Count; i++)
        {
            if (interfaces[i].PodInterfaceName == PodWiring.UplinkName)
            {
                patch.Add((JsonNode)JsonPatch.Add($"/status/interfaces/{i}/ipAddress", first));
                patch.Add((JsonNode)JsonPatch.Add($"/status/interfaces/{i}/ipAddresses", new JsonArray([.. addresses.Select(static ip => (JsonNode)ip)])));
            }
        }
    }

    private static JsonArray Guarded(string migrationUid, string owner) =>
        [(JsonNode)JsonPatch.Test(Owner, owner), (JsonNode)JsonPatch.Test($"{State}/migrationUid", migrationUid)];

    private static void Failed(JsonArray patch, string reason, string? abortStatus, DateTimeOffset now)
    {
        Set(patch, "failed", true);
        Set(patch, "completed", true);
        Set(patch, "endTimestamp", Seconds(now));
        Set(patch, "failureReason", reason);
        if (abortStatus is not null)
        {
            Set(patch, "abortStatus", abortStatus);
        }
    }

    // "add" on a member sets it whether or not it is there.
    private static void Set(JsonArray patch, string field, JsonNode? value)
    {
        if (value is not null)
        {
            patch.Add((JsonNode)JsonPatch.Add($"{State}/{field}", value));
        }
    }

    private static void AddLabel(JsonArray patch, VirtualMachineInstance seen, string key, string? value)
    {
        if (seen.Metadata.Labels is null)
        {
            patch.Add((JsonNode)JsonPatch.Add("/metadata/labels", new JsonObject()));
        }

        patch.Add((JsonNode)JsonPatch.Add(LabelPath(key), value));
    }

    private static string LabelPath(string key) =>
        "/metadata/labels/" + key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static double? Rounded(double? seconds) => seconds is { } s ? Math.Round(s, 1) : null;

    private static string Seconds(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string? Micro(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
