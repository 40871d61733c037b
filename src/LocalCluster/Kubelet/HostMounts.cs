using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Mounts in the host's mount namespace; all of a cluster's lie below its state folder, so none can be forgotten.</summary>
public sealed class HostMounts(HostTools tools)
{
    /// <summary>Everything mounted at or below a folder, deepest first.</summary>
    public static IReadOnlyList<string> Below(string folder)
    {
        var prefix = folder.TrimEnd('/') + "/";
        return [.. File.ReadLines("/proc/self/mountinfo")
            .Select(l => Unescape(l.Split(' ')[4]))
            .Where(p => p == folder || p.StartsWith(prefix, StringComparison.Ordinal))
            .OrderByDescending(p => p.Length)];
    }

    public static bool IsMounted(string path) => File.ReadLines("/proc/self/mountinfo").Any(l => Unescape(l.Split(' ')[4]) == path);

    public async Task BindReadOnlyAsync(string source, string target, CancellationToken cancellation)
    {
        Directory.CreateDirectory(target);
        if (!IsMounted(target))
        {
            await tools.RunAsync("mount", ["--bind", "-o", "ro", source, target], cancellation);
        }
    }

    public async Task TmpfsAsync(string target, long size, CancellationToken cancellation)
    {
        Directory.CreateDirectory(target);
        if (!IsMounted(target))
        {
            await tools.RunAsync("mount", ["-t", "tmpfs", "-o", size > 0 ? $"size={size},mode=0777" : "mode=0777", "tmpfs", target], cancellation);
        }
    }

    /// <summary>A writable view of a read-only tree; what is written lies in <paramref name="folder"/>.</summary>
    public async Task OverlayAsync(string lower, string folder, string target, CancellationToken cancellation)
    {
        var upper = Path.Combine(folder, "upper");
        var work = Path.Combine(folder, "work");
        Directory.CreateDirectory(upper);
        Directory.CreateDirectory(work);
        Directory.CreateDirectory(target);
        if (!IsMounted(target))
        {
            await tools.RunAsync("mount", ["-t", "overlay", "-o", $"lowerdir={lower},upperdir={upper},workdir={work}", "overlay", target], cancellation);
        }
    }

    /// <summary>Unmounts everything at or below a folder. What is busy is detached: nothing new gets in, and it goes with its last user.</summary>
    public async Task UnmountBelowAsync(string folder, CancellationToken cancellation)
    {
        foreach (var path in Below(folder))
        {
            var result = await tools.TryRunAsync("umount", [path], cancellation);
            if (!result.Succeeded)
            {
                await tools.TryRunAsync("umount", ["--lazy", path], cancellation);
            }
        }
    }

    /// <summary>The kernel writes blanks and the like in octal.</summary>
    private static string Unescape(string path) => path.Contains('\\')
        ? path.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal)
        : path;
}
