using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qemu;

/// <summary>Commands of a migration.</summary>
public static class QmpMigrationCommands
{
    public static Task<MigrationStatus> QueryMigrateAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.QueryAsync("query-migrate", QmpJson.Default.MigrationStatus, ct, deadline: deadline);

    public static Task SetMigrationCapabilitiesAsync(
        this QmpClient qmp, IEnumerable<KeyValuePair<string, bool>> capabilities, CancellationToken ct)
    {
        var list = new JsonArray();
        foreach (var (name, state) in capabilities)
        {
            list.Add((JsonNode)new JsonObject { ["capability"] = name, ["state"] = state });
        }

        return qmp.ExecuteAsync("migrate-set-capabilities", new JsonObject { ["capabilities"] = list }, cancellationToken: ct);
    }

    /// <summary>Whether a migration capability is on.</summary>
    public static async Task<bool> HasMigrationCapabilityAsync(this QmpClient qmp, string name, CancellationToken ct)
    {
        var reply = await qmp.ExecuteAsync("query-migrate-capabilities", cancellationToken: ct).ConfigureAwait(false);
        return reply.EnumerateArray().Any(c => c.GetProperty("capability").GetString() == name && c.GetProperty("state").GetBoolean());
    }

    public static Task SetMigrationParametersAsync(this QmpClient qmp, MigrationParameters parameters, CancellationToken ct) =>
        qmp.ExecuteAsync("migrate-set-parameters", parameters.ToJson(), cancellationToken: ct);

    /// <summary>
    /// Opens the listening socket of a target that was started with <c>-incoming defer</c>. QEMU stays when the stream
    /// fails, so that the reason can be read; it can still not be used again.
    /// </summary>
    public static Task MigrateIncomingAsync(this QmpClient qmp, string uri, CancellationToken ct) =>
        qmp.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = uri, ["exit-on-error"] = false }, cancellationToken: ct);

    /// <summary>Starts the outgoing migration; failures to connect come as events, not as an answer.</summary>
    public static Task MigrateAsync(this QmpClient qmp, string uri, bool resume, CancellationToken ct)
    {
        var arguments = new JsonObject { ["uri"] = uri };
        if (resume)
        {
            arguments["resume"] = true;
        }

        return qmp.ExecuteAsync("migrate", arguments, cancellationToken: ct);
    }

    /// <summary>Lets a migration go on that waits in <paramref name="state"/>.</summary>
    public static Task MigrateContinueAsync(this QmpClient qmp, string state, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.ExecuteAsync("migrate-continue", new JsonObject { ["state"] = state }, deadline, ct);

    /// <summary>Never in post-copy: the guest would be lost.</summary>
    public static Task MigrateCancelAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.ExecuteAsync("migrate_cancel", null, deadline, ct);

    public static Task MigrateStartPostcopyAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.ExecuteAsync("migrate-start-postcopy", cancellationToken: ct);

    /// <summary>Out of band: a target whose main loop is blocked still hears it.</summary>
    public static Task MigrateRecoverAsync(this QmpClient qmp, string uri, CancellationToken ct) =>
        qmp.ExecuteOutOfBandAsync("migrate-recover", new JsonObject { ["uri"] = uri }, cancellationToken: ct);

    /// <summary>Out of band: breaks the channel of a post-copy migration so that it can be recovered.</summary>
    public static Task MigratePauseAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.ExecuteOutOfBandAsync("migrate-pause", cancellationToken: ct);

    /// <summary>Out of band: breaks the migration's connections. The way out of a monitor that is blocked in a write.</summary>
    public static Task YankMigrationAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        YankAsync(qmp, new JsonObject { ["type"] = "migration" }, deadline, ct);

    /// <summary>Out of band: breaks the network connection of one block node.</summary>
    public static Task YankBlockNodeAsync(this QmpClient qmp, string nodeName, CancellationToken ct, TimeSpan? deadline = null) =>
        YankAsync(qmp, new JsonObject { ["type"] = "block-node", ["node-name"] = nodeName }, deadline, ct);

    public static Task AnnounceSelfAsync(this QmpClient qmp, int initial, int max, int rounds, int step, CancellationToken ct) =>
        qmp.ExecuteAsync(
            "announce-self",
            new JsonObject { ["initial"] = initial, ["max"] = max, ["rounds"] = rounds, ["step"] = step },
            cancellationToken: ct);

    private static Task<JsonElement> YankAsync(QmpClient qmp, JsonObject instance, TimeSpan? deadline, CancellationToken ct) =>
        qmp.ExecuteOutOfBandAsync("yank", new JsonObject { ["instances"] = new JsonArray(instance) }, deadline, ct);
}
