using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Host;

/// <summary>
/// The root file system of a container, to be mounted in another container as well. The kernel copies a mount only for who is in
/// its mount namespace, and attaches it only for who is in the other: a thread of its own enters the one, takes a copy, enters the
/// other and leaves it there. Needs Linux 5.12 (mount_setattr).
/// </summary>
internal sealed partial class MountedTree : IDisposable
{
    // Numbers and flags of x86-64.
    private const nint GetPid = 39;
    private const nint Unshare = 272;
    private const nint SetNamespace = 308;
    private const nint OpenTree = 428;
    private const nint MoveMount = 429;
    private const nint SetMountAttributes = 442;
    private const nint OwnFolder = 0x200; // CLONE_FS
    private const nint MountNamespace = 0x20000; // CLONE_NEWNS
    private const nint EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const nint Copy = 1 | 0x80000 | EmptyPath; // OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC
    private const nint BothEmpty = 0x4 | 0x40; // MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH
    private const ulong ReadOnlyInert = 1 | 2 | 4 | 8; // MOUNT_ATTR_RDONLY | NOSUID | NODEV | NOEXEC
    private const int FolderOnly = 0x200000 | 0x10000 | 0x80000; // O_PATH | O_DIRECTORY | O_CLOEXEC
    private const int WithoutFollowing = FolderOnly | 0x20000; // O_NOFOLLOW
    private const int NamespaceOnly = 0x80000; // O_RDONLY | O_CLOEXEC

    private readonly SafeFileHandle _namespace;
    private readonly SafeFileHandle _root;

    private MountedTree(SafeFileHandle @namespace, SafeFileHandle root) => (_namespace, _root) = (@namespace, root);

    private enum Step
    {
        Done,
        Separate,
        EnterSource,
        Copy,
        Protect,
        EnterTarget,
        Attach,
    }

    /// <summary>The root of that process, held from now on whatever becomes of the process.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="isStill">Looks, once all is held, whether it is still the process that was meant.</param>
    /// <exception cref="IOException">It has ended.</exception>
    public static MountedTree OfProcess(int pid, Func<bool> isStill)
    {
        var tree = new MountedTree(Open($"/proc/{pid}/ns/mnt", NamespaceOnly), Open($"/proc/{pid}/root", FolderOnly));
        if (tree._namespace.IsInvalid || tree._root.IsInvalid || !isStill())
        {
            tree.Dispose();
            throw new IOException($"process {pid} has ended");
        }

        return tree;
    }

    public void Dispose()
    {
        _namespace.Dispose();
        _root.Dispose();
    }

    /// <summary>Mounts it, read-only, over a folder of another process's own.</summary>
    /// <param name="pid">The process in whose mount namespace it is to be.</param>
    /// <param name="folder">The folder as that process sees it; no part of it may be a link.</param>
    /// <exception cref="IOException">The kernel refuses, or the process has ended.</exception>
    public void Show(int pid, string folder)
    {
        using var target = Open($"/proc/{pid}/ns/mnt", NamespaceOnly);
        using var place = Open($"/proc/{pid}/root{folder}", WithoutFollowing);
        if (target.IsInvalid || place.IsInvalid)
        {
            throw new IOException($"{folder} of process {pid} cannot be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }

        var (step, error) = OnOwnThread(_namespace.DangerousGetHandle(), _root.DangerousGetHandle(), target.DangerousGetHandle(), place.DangerousGetHandle());
        if (step != Step.Done)
        {
            throw new IOException($"mounting at {folder} of process {pid} failed ({step}): {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    // What has entered another mount namespace finds none of our files there. So nothing is loaded on the way, and nobody else uses
    // the thread afterwards.
    private static (Step Step, int Error) OnOwnThread(nint source, nint root, nint target, nint place)
    {
        var outcome = (Step.Separate, 0);
        var attributes = new MountAttributes { Set = ReadOnlyInert };
        var thread = new Thread(() => outcome = Carry(source, root, target, place, ref attributes)) { IsBackground = true };
        thread.Start();
        thread.Join();
        return outcome;
    }

    private static unsafe (Step Step, int Error) Carry(nint source, nint root, nint target, nint place, ref MountAttributes attributes)
    {
        byte none = 0;
        var empty = (nint)(&none);
        fixed (MountAttributes* wanted = &attributes)
        {
            // The first call looks its function up.
            Call(GetPid, 0, 0, 0, 0, 0);
            if (Call(Unshare, OwnFolder, 0, 0, 0, 0) < 0)
            {
                return (Step.Separate, Marshal.GetLastPInvokeError());
            }

            if (Call(SetNamespace, source, MountNamespace, 0, 0, 0) < 0)
            {
                return (Step.EnterSource, Marshal.GetLastPInvokeError());
            }

            var tree = Call(OpenTree, root, empty, Copy, 0, 0);
            if (tree < 0)
            {
                return (Step.Copy, Marshal.GetLastPInvokeError());
            }

            try
            {
                if (Call(SetMountAttributes, tree, empty, EmptyPath, (nint)wanted, sizeof(MountAttributes)) < 0)
                {
                    return (Step.Protect, Marshal.GetLastPInvokeError());
                }

                if (Call(SetNamespace, target, MountNamespace, 0, 0, 0) < 0)
                {
                    return (Step.EnterTarget, Marshal.GetLastPInvokeError());
                }

                return Call(MoveMount, tree, empty, place, empty, BothEmpty) < 0 ? (Step.Attach, Marshal.GetLastPInvokeError()) : (Step.Done, 0);
            }
            finally
            {
                // 3 is close: a copy that was not attached goes with its descriptor.
                Call(3, tree, 0, 0, 0, 0);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint a, nint b, nint c, nint d, nint e);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }
}
