using System.Text.Json.Serialization;

namespace Godwit.Qemu;

/// <summary>Reply of <c>guest-info</c>.</summary>
public sealed record GuestAgentInfo
{
    public string Version { get; init; } = "";

    [JsonPropertyName("supported_commands")]
    public GuestAgentCommand[] SupportedCommands { get; init; } = [];
}

/// <summary>A command that the agent knows.</summary>
public sealed record GuestAgentCommand(string Name, bool Enabled);

/// <summary>Reply of <c>guest-get-osinfo</c>.</summary>
public sealed record GuestOsInfo
{
    public string? Id { get; init; }

    public string? Name { get; init; }

    public string? PrettyName { get; init; }

    public string? Version { get; init; }

    public string? VersionId { get; init; }

    public string? Machine { get; init; }

    public string? KernelRelease { get; init; }

    public string? KernelVersion { get; init; }
}

/// <summary>Reply of <c>guest-get-host-name</c>.</summary>
public sealed record GuestHostName(string HostName);

/// <summary>Reply of <c>guest-get-timezone</c>; the offset is in seconds.</summary>
public sealed record GuestTimezone(string? Zone, int Offset);

/// <summary>One element of <c>guest-network-get-interfaces</c>.</summary>
public sealed record GuestInterface
{
    public string Name { get; init; } = "";

    public string? HardwareAddress { get; init; }

    public GuestIpAddress[] IpAddresses { get; init; } = [];
}

/// <summary>An address that a guest has given itself.</summary>
public sealed record GuestIpAddress(string IpAddress, string IpAddressType, int Prefix);

/// <summary>One element of <c>guest-get-users</c>; the time is in seconds since 1970.</summary>
public sealed record GuestUser(string User, string? Domain, double LoginTime);

/// <summary>One element of <c>guest-get-fsinfo</c>.</summary>
public sealed record GuestFilesystem
{
    public string Name { get; init; } = "";

    public string Mountpoint { get; init; } = "";

    public string Type { get; init; } = "";

    public long UsedBytes { get; init; }

    public long TotalBytes { get; init; }

    public GuestFilesystemDisk[] Disk { get; init; } = [];
}

/// <summary>A disk under a filesystem.</summary>
public sealed record GuestFilesystemDisk(string? Serial, string? BusType);
