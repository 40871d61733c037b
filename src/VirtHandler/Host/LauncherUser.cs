using System.Runtime.InteropServices;
using Godwit.Types;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Host;

/// <summary>
/// Hands what this agent makes as root to the user as whom launcher and QEMU run. A link at the path's end is never followed: its
/// folder is the launcher's, who could point it anywhere.
/// </summary>
public static partial class LauncherUser
{
    private const uint Unchanged = uint.MaxValue;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ReadableByGroup = OwnerOnly | UnixFileMode.GroupRead;
    private const UnixFileMode FolderOfGroup = OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    // O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, which have these values on x86-64.
    private const int WithoutFollowing = 0x800 | 0x20000 | 0x80000;

    /// <summary>The file or device becomes the launcher's; its mode stays.</summary>
    /// <exception cref="IOException">The file system refuses, as NFS does that lets no root in.</exception>
    public static void Give(string path)
    {
        if (ChangeOwner(path, Launcher.UserId, Launcher.UserId) != 0)
        {
            throw Refused(path);
        }
    }

    /// <summary>The file becomes the launcher's, and nobody else may read it.</summary>
    /// <exception cref="IOException">It is a link, or the file system refuses.</exception>
    public static void GiveAlone(string path) => Set(path, _ => OwnerOnly, Launcher.UserId);

    /// <summary>The launcher may read the file, or enter the folder, but it stays root's.</summary>
    /// <exception cref="IOException">It is a link, or the file system refuses.</exception>
    public static void Show(string path) => Set(path, static isFolder => isFolder ? FolderOfGroup : ReadableByGroup, Unchanged);

    /// <summary>Mode and owner of what is opened, so that nothing else can be put in its place in between.</summary>
    private static void Set(string path, Func<bool, UnixFileMode> mode, uint user)
    {
        using var opened = Open(path, WithoutFollowing);
        if (opened.IsInvalid)
        {
            throw Refused(path);
        }

        File.SetUnixFileMode(opened, mode(Directory.Exists(path)));
        if (ChangeOwner(opened, user, Launcher.UserId) != 0)
        {
            throw Refused(path);
        }
    }

    private static IOException Refused(string path) =>
        new($"{path} cannot be given to user {Launcher.UserId}, as whom QEMU runs: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(SafeFileHandle opened, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
