using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Makes the root of a container. An unpacked image is shared read-only below a writable layer of the container's own; a host
/// image is a bare skeleton onto which the machine's own programs are bound read-only.
/// </summary>
public sealed class RootFilesystem(HostTools tools, ImageStore images, KubeletPaths paths)
{
    private static readonly string[] HostFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"];

    /// <summary>What programs need of /etc; nothing that says who the machine's users are, beyond names.</summary>
    private static readonly string[] HostSettings =
    [
        "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group",
        "/etc/ssl", "/etc/ca-certificates", "/etc/localtime", "/etc/protocols", "/etc/services", "/etc/qemu", "/etc/qemu-ifup", "/etc/dotnet",
    ];

    private readonly HostMounts _mounts = new(tools);

    /// <summary>Returns the root's path and the mounts that belong to it.</summary>
    public async Task<(string Root, IReadOnlyList<OciMount> Mounts)> PrepareAsync(string containerId, ImageRecord image, CancellationToken cancellation)
    {
        var folder = paths.Container(containerId);
        var root = Path.Combine(folder, "rootfs");
        if (image.Kind == ImageRecord.RootfsKind)
        {
            await _mounts.OverlayAsync(images.RootOf(image), folder, root, cancellation);
            return (root, []);
        }
        return (root, Skeleton(root, image));
    }

    /// <summary>Takes away what <see cref="PrepareAsync"/> made, and what the container wrote into it.</summary>
    public async Task RemoveAsync(string containerId, CancellationToken cancellation)
    {
        var folder = paths.Container(containerId);
        await _mounts.UnmountBelowAsync(folder, cancellation);
        if (HostMounts.Below(folder).Count > 0)
        {
            throw new IOException($"{folder} still has mounts");
        }
        foreach (var part in (string[])["rootfs", "upper", "work"])
        {
            StateFile.DeleteFolder(Path.Combine(folder, part));
        }
    }

    private static List<OciMount> Skeleton(string root, ImageRecord image)
    {
        foreach (var name in (string[])["proc", "sys", "dev", "etc", "tmp", "run", "var/tmp", "var/lib", "root", "home", "mnt", "opt"])
        {
            Directory.CreateDirectory(Path.Combine(root, name));
        }
        File.SetUnixFileMode(Path.Combine(root, "tmp"), (UnixFileMode)0x3FF); // 1777
        File.SetUnixFileMode(Path.Combine(root, "var/tmp"), (UnixFileMode)0x3FF);
        Link(Path.Combine(root, "var/run"), "/run");
        var mounts = new List<OciMount>();
        foreach (var folder in HostFolders.Where(f => Path.Exists(f)))
        {
            // On a merged system /bin is a link to usr/bin, and stays one.
            if (new DirectoryInfo(folder).LinkTarget is { } target)
            {
                Link(root + folder, target);
            }
            else
            {
                mounts.Add(OciMount.Bind(folder, folder, readOnly: true));
            }
        }
        foreach (var path in HostSettings.Where(Path.Exists))
        {
            mounts.Add(OciMount.Bind(path, path, readOnly: true));
        }
        foreach (var (place, source) in image.Binds.OrderBy(b => b.Key, StringComparer.Ordinal))
        {
            mounts.Add(OciMount.Bind(source, place, readOnly: true));
        }
        return mounts;
    }

    private static void Link(string path, string target)
    {
        if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            File.CreateSymbolicLink(path, target);
        }
    }
}
