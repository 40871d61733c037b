using System.Runtime.InteropServices;
using Godwit.Types;

namespace Godwit.VirtHandler.Host;

/// <summary>
/// Hands what this agent makes as root to the user as whom launcher and QEMU run. Links are never followed: their folder is the
/// launcher's, who could point them anywhere.
/// </summary>
public static partial class LauncherUser
{
    private const uint Unchanged = uint.MaxValue;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ReadableByGroup = OwnerOnly | UnixFileMode.GroupRead;
    private const UnixFileMode FolderOfGroup = OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    /// <summary>The file or device becomes the launcher's; its mode stays.</summary>
    /// <exception cref="IOException">The file system refuses, as NFS does that lets no root in.</exception>
    public static void Give(string path) => Own(path, Launcher.UserId, Launcher.UserId);

    /// <summary>The file becomes the launcher's, and nobody else may read it.</summary>
    public static void GiveAlone(string path)
    {
        File.SetUnixFileMode(path, OwnerOnly);
        Give(path);
    }

    /// <summary>The launcher may read the file, or enter the folder, but it stays root's.</summary>
    public static void Show(string path)
    {
        File.SetUnixFileMode(path, Directory.Exists(path) ? FolderOfGroup : ReadableByGroup);
        Own(path, Unchanged, Launcher.UserId);
    }

    private static void Own(string path, uint user, uint group)
    {
        if (ChangeOwner(path, user, group) != 0)
        {
            throw new IOException($"{path} cannot be given to user {Launcher.UserId}, as whom QEMU runs: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
