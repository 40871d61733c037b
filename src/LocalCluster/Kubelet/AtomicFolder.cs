using System.Runtime.InteropServices;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>
/// Files that change together: they lie in a folder of their own, <c>..data</c> points to it, and an update swaps that one link.
/// </summary>
internal static class AtomicFolder
{
    /// <summary>Brings the folder to exactly these files; returns false when it had them already.</summary>
    public static bool Write(string folder, IReadOnlyDictionary<string, (byte[] Content, int Mode)> files, DateTimeOffset now)
    {
        Directory.CreateDirectory(folder);
        var data = Path.Combine(folder, "..data");
        var old = new DirectoryInfo(data).LinkTarget;
        if (old is not null && IsSame(Path.Combine(folder, old), files))
        {
            return false;
        }
        var version = $"..{now:yyyy_MM_dd_HH_mm_ss}.{Guid.NewGuid():N}"[..32];
        foreach (var (name, (content, mode)) in files)
        {
            var path = Path.Combine(folder, version, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
            File.SetUnixFileMode(path, (UnixFileMode)mode);
        }
        Directory.CreateDirectory(Path.Combine(folder, version));
        var link = Path.Combine(folder, "..data_tmp");
        File.Delete(link);
        File.CreateSymbolicLink(link, version);
        Rename(link, data);
        var tops = files.Keys.Select(n => n.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var top in tops.Where(t => new FileInfo(Path.Combine(folder, t)).LinkTarget is null))
        {
            File.CreateSymbolicLink(Path.Combine(folder, top), $"..data/{top}");
        }
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            var isOld = !entry.Name.StartsWith("..", StringComparison.Ordinal) && !tops.Contains(entry.Name);
            if (isOld)
            {
                entry.Delete();
            }
        }
        if (old is not null)
        {
            StateFile.DeleteFolder(Path.Combine(folder, old));
        }
        return true;
    }

    /// <summary>The runtime's own move looks through a link at what it points to, and refuses folders.</summary>
    private static void Rename(string from, string to)
    {
        if (rename(from, to) != 0)
        {
            throw new IOException($"{from} cannot be renamed to {to}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int rename([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    private static bool IsSame(string folder, IReadOnlyDictionary<string, (byte[] Content, int Mode)> files)
    {
        if (!Directory.Exists(folder))
        {
            return false;
        }
        var present = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToList();
        return present.Count == files.Count
            && files.All(f => File.Exists(Path.Combine(folder, f.Key)) && File.ReadAllBytes(Path.Combine(folder, f.Key)).AsSpan().SequenceEqual(f.Value.Content));
    }
}
