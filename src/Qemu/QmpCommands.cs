using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Qemu;

/// <summary>Commands about the machine as a whole.</summary>
public static class QmpCommands
{
    public static Task<VmStatus> QueryStatusAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.QueryAsync("query-status", QmpJson.Default.VmStatus, ct, deadline: deadline);

    public static Task<KvmStatus> QueryKvmAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.QueryAsync("query-kvm", QmpJson.Default.KvmStatus, ct);

    public static async Task<QemuVersion> QueryVersionAsync(this QmpClient qmp, CancellationToken ct) =>
        QemuVersion.FromQmp(await qmp.ExecuteAsync("query-version", cancellationToken: ct).ConfigureAwait(false));

    public static Task<MachineInfo[]> QueryMachinesAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.QueryAsync("query-machines", QmpJson.Default.MachineInfoArray, ct);

    public static Task<CpuModelInfo[]> QueryCpuDefinitionsAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.QueryAsync("query-cpu-definitions", QmpJson.Default.CpuModelInfoArray, ct);

    public static Task<BalloonInfo> QueryBalloonAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.QueryAsync("query-balloon", QmpJson.Default.BalloonInfo, ct);

    public static Task BalloonAsync(this QmpClient qmp, long bytes, CancellationToken ct) =>
        qmp.ExecuteAsync("balloon", new JsonObject { ["value"] = bytes }, cancellationToken: ct);

    public static Task StopAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.ExecuteAsync("stop", null, deadline, ct);

    public static Task ContinueAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.ExecuteAsync("cont", null, deadline, ct);

    public static Task QuitAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null) =>
        qmp.ExecuteAsync("quit", null, deadline, ct);

    /// <summary>Presses the ACPI power button; whether the guest heeds it is the guest's affair.</summary>
    public static Task SystemPowerdownAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.ExecuteAsync("system_powerdown", cancellationToken: ct);

    public static Task SystemResetAsync(this QmpClient qmp, CancellationToken ct) =>
        qmp.ExecuteAsync("system_reset", cancellationToken: ct);

    /// <summary>Writes the first screen as PNG into a file, which QEMU must be able to make.</summary>
    public static Task ScreendumpAsync(this QmpClient qmp, string file, CancellationToken ct) =>
        qmp.ExecuteAsync("screendump", new JsonObject { ["filename"] = file, ["format"] = "png" }, cancellationToken: ct);

    /// <summary>Adds an object; <paramref name="properties"/> holds everything but type and id.</summary>
    public static Task ObjectAddAsync(this QmpClient qmp, string type, string id, JsonObject properties, CancellationToken ct)
    {
        var arguments = new JsonObject { ["qom-type"] = type, ["id"] = id };
        foreach (var (name, value) in properties)
        {
            arguments[name] = value?.DeepClone();
        }

        return qmp.ExecuteAsync("object-add", arguments, cancellationToken: ct);
    }

    public static Task ObjectDeleteAsync(this QmpClient qmp, string id, CancellationToken ct) =>
        qmp.ExecuteAsync("object-del", new JsonObject { ["id"] = id }, cancellationToken: ct);

    public static Task<JsonElement> QomGetAsync(this QmpClient qmp, string path, string property, CancellationToken ct) =>
        qmp.ExecuteAsync("qom-get", new JsonObject { ["path"] = path, ["property"] = property }, cancellationToken: ct);

    /// <summary>The names of the objects that were added with <c>object-add</c> or <c>-object</c>.</summary>
    public static async Task<IReadOnlyList<string>> ListObjectsAsync(this QmpClient qmp, CancellationToken ct, TimeSpan? deadline = null)
    {
        var reply = await qmp.ExecuteAsync("qom-list", new JsonObject { ["path"] = "/objects" }, deadline, ct).ConfigureAwait(false);
        return [.. reply.EnumerateArray().Select(p => p.GetProperty("name").GetString() ?? "")];
    }

    /// <summary>Names a descriptor that was passed over the monitor's socket.</summary>
    public static Task GetFdAsync(this QmpClient qmp, string name, CancellationToken ct) =>
        qmp.ExecuteAsync("getfd", new JsonObject { ["fdname"] = name }, cancellationToken: ct);

    public static Task CloseFdAsync(this QmpClient qmp, string name, CancellationToken ct) =>
        qmp.ExecuteAsync("closefd", new JsonObject { ["fdname"] = name }, cancellationToken: ct);

    /// <summary>Switches a network device's link, as pulling and plugging a cable does.</summary>
    public static Task SetLinkAsync(this QmpClient qmp, string device, bool up, CancellationToken ct) =>
        qmp.ExecuteAsync("set_link", new JsonObject { ["name"] = device, ["up"] = up }, cancellationToken: ct);

    /// <summary>Runs a command and reads its reply as a record.</summary>
    public static async Task<T> QueryAsync<T>(
        this QmpClient qmp, string command, JsonTypeInfo<T> type, CancellationToken ct, JsonObject? arguments = null, TimeSpan? deadline = null)
    {
        var reply = await qmp.ExecuteAsync(command, arguments, deadline, ct).ConfigureAwait(false);
        try
        {
            return reply.Deserialize(type) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new QmpException(command, "BadReply", $"its reply could not be read: {e.Message}");
        }
    }
}
