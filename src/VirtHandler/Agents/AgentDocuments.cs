using System.Text.Json.Nodes;
using Godwit.Qemu;

namespace Godwit.VirtHandler.Agents;

/// <summary>An agent's words as KubeVirt's API has them. Pure.</summary>
public static class AgentDocuments
{
    /// <summary>KubeVirt lists no more of users and file systems in the overview.</summary>
    private const int MostListed = 10;

    public static JsonObject Info(
        GuestAgentInfo agent, GuestOsInfo? os, GuestHostName? host, GuestTimezone? zone, IReadOnlyList<GuestUser> users, IReadOnlyList<GuestFilesystem> filesystems)
    {
        var info = new JsonObject
        {
            ["guestAgentVersion"] = agent.Version,
            ["supportedCommands"] = new JsonArray([.. agent.SupportedCommands.Select(static c => (JsonNode)Command(c))]),
            ["hostname"] = host?.HostName,
            ["os"] = Os(os ?? new GuestOsInfo()),
            ["timezone"] = zone is null ? null : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{zone.Zone}, {zone.Offset}"),
            ["userList"] = new JsonArray([.. users.Take(MostListed).Select(static u => (JsonNode)User(u))]),
            ["fsInfo"] = new JsonObject { ["disks"] = new JsonArray([.. filesystems.Take(MostListed).Select(static f => (JsonNode)Filesystem(f))]) },
        };
        return Compact(info);
    }

    public static JsonObject Users(IEnumerable<GuestUser> users) => List(users.Select(static u => User(u)));

    public static JsonObject Filesystems(IEnumerable<GuestFilesystem> filesystems) => List(filesystems.Select(static f => Filesystem(f)));

    /// <summary>As <c>status.guestOSInfo</c> has it too.</summary>
    public static JsonObject Os(GuestOsInfo os) => Compact(new JsonObject
    {
        ["name"] = os.Name,
        ["kernelRelease"] = os.KernelRelease,
        ["version"] = os.Version,
        ["prettyName"] = os.PrettyName,
        ["versionId"] = os.VersionId,
        ["kernelVersion"] = os.KernelVersion,
        ["machine"] = os.Machine,
        ["id"] = os.Id,
    });

    private static JsonObject List(IEnumerable<JsonNode> items) => new() { ["metadata"] = new JsonObject(), ["items"] = new JsonArray([.. items]) };

    private static JsonObject Command(GuestAgentCommand command) =>
        command.Enabled ? new JsonObject { ["name"] = command.Name, ["enabled"] = true } : new JsonObject { ["name"] = command.Name };

    private static JsonObject User(GuestUser user) =>
        Compact(new JsonObject { ["userName"] = user.User, ["domain"] = user.Domain, ["loginTime"] = user.LoginTime });

    private static JsonObject Filesystem(GuestFilesystem filesystem) => new JsonObject
    {
        ["diskName"] = filesystem.Name,
        ["mountPoint"] = filesystem.Mountpoint,
        ["fileSystemType"] = filesystem.Type,
        ["usedBytes"] = filesystem.UsedBytes,
        ["totalBytes"] = filesystem.TotalBytes,
        ["disk"] = new JsonArray(
        [
            .. filesystem.Disk.Select(static d => (JsonNode)Compact(new JsonObject { ["serial"] = d.Serial, ["busType"] = d.BusType ?? "" })),
        ]),
    };

    private static JsonObject Compact(JsonObject @object)
    {
        foreach (var (name, _) in @object.Where(static p => p.Value is null).ToArray())
        {
            @object.Remove(name);
        }

        return @object;
    }
}
