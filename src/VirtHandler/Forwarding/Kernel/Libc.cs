using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>The calls of the C library that the runtime offers no way to, with the numbers of Linux on x86-64.</summary>
internal static partial class Libc
{
    public const int NotPermitted = 1; // EPERM
    public const int NoEntry = 2; // ENOENT
    public const int NoProcess = 3; // ESRCH
    public const int Interrupted = 4; // EINTR
    public const int BadDescriptor = 9; // EBADF
    public const int TryAgain = 11; // EAGAIN
    public const int NoMemory = 12; // ENOMEM
    public const int NoAccess = 13; // EACCES
    public const int Busy = 16; // EBUSY
    public const int NoDevice = 19; // ENODEV
    public const int NoSuchProtocol = 93; // EPROTONOSUPPORT
    public const int NotSupported = 95; // EOPNOTSUPP
    public const int NoFamily = 97; // EAFNOSUPPORT
    public const int AddressInUse = 98; // EADDRINUSE
    public const int AddressNotThere = 99; // EADDRNOTAVAIL
    public const int NoBuffers = 105; // ENOBUFS

    public const int ReadOnly = 0x80000; // O_RDONLY | O_CLOEXEC
    public const int NetworkNamespace = 0x40000000; // CLONE_NEWNET
    public const int NetlinkFamily = 16; // AF_NETLINK
    public const int PacketFamily = 17; // AF_PACKET
    public const int Raw = 3 | 0x80000; // SOCK_RAW | SOCK_CLOEXEC
    public const int SocketLevel = 1; // SOL_SOCKET
    public const int DontWait = 0x40; // MSG_DONTWAIT
    public const int BothWays = 2; // SHUT_RDWR
    public const short Readable = 1; // POLLIN

    private const nint ProcessHandle = 434; // pidfd_open
    private const nint CopyDescriptor = 438; // pidfd_getfd

    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>A handle of a process that stays with this very process, whoever gets its number later; negative on failure.</summary>
    public static int OpenProcess(int pid) => (int)Call(ProcessHandle, pid, 0, 0);

    /// <summary>A copy of a descriptor of another process, of the same open file; negative on failure.</summary>
    public static int Copy(SafeFileHandle process, int descriptor) => (int)Call(CopyDescriptor, process.DangerousGetHandle(), descriptor, 0);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int Enter(SafeFileHandle @namespace, int kind);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial SafeFileHandle NewSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static unsafe partial int Bind(SafeFileHandle socket, void* address, int addressLength);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static unsafe partial int SetOption(SafeFileHandle socket, int level, int name, void* value, int length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static unsafe partial nint Send(SafeFileHandle socket, void* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    public static unsafe partial nint SendTo(SafeFileHandle socket, void* bytes, nint length, int flags, void* address, int addressLength);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static unsafe partial nint Receive(SafeFileHandle socket, void* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    public static partial int Shut(SafeFileHandle socket, int how);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static unsafe partial nint Read(SafeFileHandle file, void* bytes, nint length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static unsafe partial int Control(SafeFileHandle file, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static unsafe partial int Poll(Watched* files, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint a, nint b, nint c);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Watched
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }
}
