using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.Qemu;

/// <summary>The agent's commands that are used here.</summary>
public static class GuestAgentCommands
{
    public static Task<GuestAgentInfo> InfoAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.QueryAsync("guest-info", GuestAgentJson.Default.GuestAgentInfo, ct);

    public static Task<GuestOsInfo> OsInfoAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.QueryAsync("guest-get-osinfo", GuestAgentJson.Default.GuestOsInfo, ct);

    public static Task<GuestHostName> HostNameAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.QueryAsync("guest-get-host-name", GuestAgentJson.Default.GuestHostName, ct);

    public static Task<GuestTimezone> TimezoneAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.QueryAsync("guest-get-timezone", GuestAgentJson.Default.GuestTimezone, ct);

    public static Task<GuestInterface[]> InterfacesAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.QueryAsync("guest-network-get-interfaces", GuestAgentJson.Default.GuestInterfaceArray, ct);

    public static Task<GuestUser[]> UsersAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.QueryAsync("guest-get-users", GuestAgentJson.Default.GuestUserArray, ct);

    public static Task<GuestFilesystem[]> FilesystemsAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.QueryAsync("guest-get-fsinfo", GuestAgentJson.Default.GuestFilesystemArray, ct);

    /// <summary>Lets the guest boot anew by itself; no answer says that it will.</summary>
    public static Task RebootAsync(this GuestAgentClient agent, CancellationToken ct) =>
        agent.SendAsync("guest-shutdown", new JsonObject { ["mode"] = "reboot" }, ct);

    private static async Task<T> QueryAsync<T>(this GuestAgentClient agent, string command, JsonTypeInfo<T> type, CancellationToken ct)
    {
        var reply = await agent.ExecuteAsync(command, null, ct).ConfigureAwait(false);
        try
        {
            return reply.Deserialize(type) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new QmpException(command, "BadReply", $"the guest agent's reply could not be read: {e.Message}");
        }
    }
}
