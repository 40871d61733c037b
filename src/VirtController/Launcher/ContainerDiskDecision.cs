using System.Globalization;
using System.Text.Json;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Which way disks in images come to a launcher. Sidecars work on every Kubernetes that Godwit does, so image volumes are taken
/// only where nothing speaks against them. Pure.
/// </summary>
public static class ContainerDiskDecision
{
    /// <summary>From here on every kubelet has them unless somebody switched them off; before it, whoever switched the API server's on.</summary>
    private const int OnByDefault = 35;

    /// <summary>The first kubelet that knows them.</summary>
    private const int FirstKubelet = 31;

    /// <summary>The first versions of the runtimes that can mount an image; of others nothing is known.</summary>
    private static readonly (string Prefix, Version First)[] Runtimes =
        [("containerd://", new(2, 1)), ("cri-o://", new(1, 31)), ("docker://", new(int.MaxValue, 0))];

    public static ContainerDiskMethod Decide(ImageVolumeFacts facts) =>
        facts.Wanted ?? (facts.Kept == true && facts.Nodes.All(node => Can(node, facts.ServerMinor)))
            ? ContainerDiskMethod.ImageVolume
            : ContainerDiskMethod.Sidecar;

    private static bool Can(Node node, int serverMinor)
    {
        var least = serverMinor >= OnByDefault ? OnByDefault : FirstKubelet;
        if (Read(Text(node, "kubeletVersion").TrimStart('v')) is { } kubelet && kubelet.Minor < least)
        {
            return false;
        }

        var runtime = Text(node, "containerRuntimeVersion");
        return Runtimes.All(known => !runtime.StartsWith(known.Prefix, StringComparison.Ordinal)
            || (Read(runtime[known.Prefix.Length..]) is { } version && version >= known.First));
    }

    private static string Text(Node node, string field) =>
        node.Status?.NodeInfo is { ValueKind: JsonValueKind.Object } info && info.TryGetProperty(field, out var value) ? value.GetString() ?? "" : "";

    // Major and minor; what follows may be anything.
    private static Version? Read(string text)
    {
        var parts = text.Split('.');
        return parts.Length >= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(string.Concat(parts[1].TakeWhile(char.IsAsciiDigit)), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? new Version(major, minor)
            : null;
    }
}
