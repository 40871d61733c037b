namespace Godwit.LocalCluster.Images;

/// <summary>An image as the store's index lists it.</summary>
public sealed record ImageRecord
{
    public const string HostKind = "host";
    public const string RootfsKind = "rootfs";

    /// <summary>The full name, such as <c>docker.io/library/debian:12</c>.</summary>
    public required string Reference { get; init; }

    /// <summary><c>host</c>: the machine's own programs; <c>rootfs</c>: an unpacked image.</summary>
    public required string Kind { get; init; }

    /// <summary><c>file</c>, <c>registry</c> or <c>host</c>. What was imported from a file is never asked of a registry again.</summary>
    public string Source { get; init; } = "file";
    public string Digest { get; init; } = "";
    public long Size { get; init; }
    public DateTimeOffset Imported { get; init; }
    public List<string> Entrypoint { get; init; } = [];
    public List<string> Command { get; init; } = [];
    public List<string> Environment { get; init; } = [];
    public string WorkingDirectory { get; init; } = "/";
    public string User { get; init; } = "";

    /// <summary>Folders of the machine that a host image has, by their place inside.</summary>
    public Dictionary<string, string> Binds { get; init; } = [];
}
