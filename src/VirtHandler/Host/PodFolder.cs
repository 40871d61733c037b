using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Host;

/// <summary>
/// What this agent, as root, puts into the folder of a pod, in which launcher and QEMU may make, and would otherwise replace, whatever they
/// like. No link of theirs is followed, neither at a path's end nor on the way.
/// </summary>
public static partial class PodFolder
{
    /// <summary>Whoever plants a file in the way again and again is not raced for long.</summary>
    private const int Attempts = 3;
    private const int ReadLimit = 64 << 20;
    private const UnixFileMode Sticky = UnixFileMode.StickyBit;
    private const uint OwnFolderMode = 0x1ED; // 0755

    // As they are on x86-64.
    private const int ExistsAlready = 17;
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int Create = 0x40;
    private const int Exclusively = 0x80;
    private const int NonBlocking = 0x800;
    private const int FolderOnly = 0x10000;
    private const int WithoutFollowing = 0x20000;
    private const int CloseOnExec = 0x80000;
    private const int AtEmptyPath = 0x1000;
    private const uint OwnerWanted = 0x8;
    private const int OwnerOffset = 20;
    private const int StatSize = 256;

    /// <summary>
    /// A folder of root's own in the pod's folder, made unless it is there. From then on nobody but root can put something else in its place,
    /// so what lies in it may be named by its path.
    /// </summary>
    /// <param name="folder">The pod's folder, whose own path is root's.</param>
    /// <param name="name">The name of the folder in it.</param>
    /// <exception cref="IOException">Under that name lies something that root has not made.</exception>
    public static string Own(string folder, string name)
    {
        var path = $"{folder}/{name}";
        using var pod = OpenFolder(folder);
        Keep(pod, folder);
        if (MakeFolder(pod, name, OwnFolderMode) != 0 && Marshal.GetLastPInvokeError() != ExistsAlready)
        {
            throw Failed(path);
        }

        using var own = OpenAt(pod, name, ReadOnly | FolderOnly | WithoutFollowing | CloseOnExec, 0);
        return own.IsInvalid ? throw Failed(path)
            : IsOurs(OwnerOf(own, path)) ? path
            : throw new IOException($"{path} was not made by root; the guest's QEMU may have been broken out of: delete the pod");
    }

    /// <summary>Writes a small file anew, whatever lies under its name.</summary>
    /// <exception cref="IOException">The name is taken again and again, or the file system refuses.</exception>
    public static void Write(string folder, string name, string text)
    {
        using var pod = OpenFolder(folder);
        Keep(pod, folder);
        for (var attempt = 1; ; attempt++)
        {
            using var file = OpenAt(pod, name, WriteOnly | Create | Exclusively | WithoutFollowing | CloseOnExec, 0x1A4);
            if (!file.IsInvalid)
            {
                RandomAccess.Write(file, Encoding.UTF8.GetBytes(text), 0);
                return;
            }

            if (Marshal.GetLastPInvokeError() != ExistsAlready || attempt == Attempts)
            {
                throw Failed($"{folder}/{name}");
            }

            _ = RemoveAt(pod, name, 0);
        }
    }

    /// <summary>What a plain file holds that launcher or QEMU has made.</summary>
    /// <exception cref="IOException">It is a link, is larger than 64 MiB, or cannot be read.</exception>
    public static byte[] Read(string folder, string name)
    {
        using var pod = OpenFolder(folder);
        using var file = OpenAt(pod, name, ReadOnly | NonBlocking | WithoutFollowing | CloseOnExec, 0);
        if (file.IsInvalid)
        {
            throw Failed($"{folder}/{name}");
        }

        var length = RandomAccess.GetLength(file);
        var content = length <= ReadLimit ? new byte[length] : throw new IOException($"{folder}/{name} has {length} bytes, more than anything that belongs there");
        return content.AsSpan(0, RandomAccess.Read(file, content, 0)).ToArray();
    }

    /// <summary>Makes the folder one in which each may only remove what is his own.</summary>
    private static void Keep(SafeFileHandle pod, string folder)
    {
        if (OwnerOf(pod, folder) is var owner && !IsOurs(owner))
        {
            throw new IOException($"{folder} belongs to user {owner}, not to root, as a kubelet makes it; nothing is put into it");
        }

        var mode = File.GetUnixFileMode(pod);
        if (!mode.HasFlag(Sticky))
        {
            File.SetUnixFileMode(pod, mode | Sticky);
        }
    }

    /// <summary>An agent that is not root, as in tests, has what it may protect.</summary>
    private static bool IsOurs(uint owner) => owner == 0 || owner == EffectiveUser();

    private static SafeFileHandle OpenFolder(string folder)
    {
        var opened = Open(folder, ReadOnly | FolderOnly | WithoutFollowing | CloseOnExec);
        return opened.IsInvalid ? throw Failed(folder) : opened;
    }

    private static unsafe uint OwnerOf(SafeFileHandle opened, string path)
    {
        var buffer = stackalloc byte[StatSize];
        return Stat(opened, "", AtEmptyPath, OwnerWanted, buffer) == 0 ? *(uint*)(buffer + OwnerOffset) : throw Failed(path);
    }

    private static IOException Failed(string path) => new($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFolder(SafeFileHandle folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RemoveAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Stat(SafeFileHandle folder, string name, int flags, uint mask, byte* buffer);
}
