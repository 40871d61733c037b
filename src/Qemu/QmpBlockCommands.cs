using System.Text.Json.Nodes;

namespace Godwit.Qemu;

/// <summary>Commands about disks, block jobs and NBD.</summary>
public static class QmpBlockCommands
{
    public static Task<JobInfo[]> QueryJobsAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.QueryAsync("query-jobs", QmpJson.Default.JobInfoArray, ct);

    public static Task<BlockJob[]> QueryBlockJobsAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.QueryAsync("query-block-jobs", QmpJson.Default.BlockJobArray, ct, deadline: deadline);

    public static Task<BlockExport[]> QueryBlockExportsAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.QueryAsync("query-block-exports", QmpJson.Default.BlockExportArray, ct);

    /// <summary>All nodes, without their backing chains (those would be repeated for each node).</summary>
    public static Task<BlockNode[]> QueryNamedBlockNodesAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.QueryAsync("query-named-block-nodes", QmpJson.Default.BlockNodeArray, ct, new JsonObject { ["flat"] = true });

    public static Task BlockdevAddAsync(this QmpClient qmp, JsonObject node, CancellationToken ct) =>
        qmp.ExecuteAsync("blockdev-add", node, cancellationToken: ct);

    public static Task BlockdevDeleteAsync(this QmpClient qmp, string nodeName, CancellationToken ct) =>
        qmp.ExecuteAsync("blockdev-del", new JsonObject { ["node-name"] = nodeName }, cancellationToken: ct);

    /// <summary>
    /// Starts a mirror that neither ends by itself nor disappears when it has ended. <paramref name="sync"/>: <c>full</c>,
    /// or <c>top</c> for an overlay whose backing image exists on both sides.
    /// </summary>
    public static Task BlockdevMirrorAsync(
        this QmpClient qmp, string jobId, string device, string target, string sync, string copyMode, CancellationToken ct, long? speed = null)
    {
        var arguments = new JsonObject
        {
            ["job-id"] = jobId,
            ["device"] = device,
            ["target"] = target,
            ["sync"] = sync,
            ["copy-mode"] = copyMode,
            ["auto-dismiss"] = false,
            // A write error at the copy must end the copy, never stop the guest.
            ["on-target-error"] = "report",
        };
        if (speed is not null)
        {
            arguments["speed"] = speed;
        }

        return qmp.ExecuteAsync("blockdev-mirror", arguments, cancellationToken: ct);
    }

    /// <summary>Ends a job; without force a ready mirror keeps its finished copy and the guest its own disk.</summary>
    public static Task BlockJobCancelAsync(this QmpClient qmp, string jobId, bool force, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.ExecuteAsync("block-job-cancel", new JsonObject { ["device"] = jobId, ["force"] = force }, deadline, ct);

    public static Task BlockJobSetSpeedAsync(this QmpClient qmp, string jobId, long bytesPerSecond, CancellationToken ct) =>
        qmp.ExecuteAsync("block-job-set-speed", new JsonObject { ["device"] = jobId, ["speed"] = bytesPerSecond }, cancellationToken: ct);

    public static Task JobDismissAsync(this QmpClient qmp, string jobId, CancellationToken ct) =>
        qmp.ExecuteAsync("job-dismiss", new JsonObject { ["id"] = jobId }, cancellationToken: ct);

    /// <summary>Opens the NBD server of this QEMU; <paramref name="tlsCreds"/> and <paramref name="tlsAuthz"/> are object ids.</summary>
    public static Task NbdServerStartAsync(
        this QmpClient qmp, string host, int port, string? tlsCreds, string? tlsAuthz, CancellationToken ct)
    {
        var arguments = new JsonObject
        {
            ["addr"] = new JsonObject
            {
                ["type"] = "inet",
                ["data"] = new JsonObject { ["host"] = host, ["port"] = port.ToString() },
            },
        };
        if (tlsCreds is not null)
        {
            arguments["tls-creds"] = tlsCreds;
        }

        if (tlsAuthz is not null)
        {
            arguments["tls-authz"] = tlsAuthz;
        }

        return qmp.ExecuteAsync("nbd-server-start", arguments, cancellationToken: ct);
    }

    public static Task NbdServerStopAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.ExecuteAsync("nbd-server-stop", cancellationToken: ct);

    public static Task BlockExportAddAsync(this QmpClient qmp, string id, string nodeName, bool writable, CancellationToken ct) =>
        qmp.ExecuteAsync(
            "block-export-add",
            new JsonObject
            {
                ["type"] = "nbd",
                ["id"] = id,
                ["node-name"] = nodeName,
                ["name"] = nodeName,
                ["writable"] = writable,
            },
            cancellationToken: ct);

    public static Task BlockExportDeleteAsync(this QmpClient qmp, string id, bool hard, CancellationToken ct) =>
        qmp.ExecuteAsync("block-export-del", new JsonObject { ["id"] = id, ["mode"] = hard ? "hard" : "safe" }, cancellationToken: ct);
}
