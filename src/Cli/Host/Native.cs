using System.Runtime.InteropServices;

namespace Godwit.Cli.Host;

/// <summary>The few calls to libc that .NET has no word for.</summary>
internal static partial class Native
{
    public const int SigTerm = 15;
    public const int SigKill = 9;
    private const int PrSetChildSubreaper = 36;
    private const int EIntr = 4;
    private const short SpawnSetSigMask = 0x08;
    private const short SpawnSetSigDef = 0x04;
    private const short SpawnSetSid = 0x80;
    private const int OpenReadOnly = 0;
    private const int OpenAppend = 0x441;

    /// <summary>Larger than any of glibc's and musl's opaque structures that are passed here.</summary>
    private const int Opaque = 512;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    /// <summary>Orphans of our children become ours, so that we can reap them.</summary>
    public static void BecomeSubreaper() => _ = Prctl(PrSetChildSubreaper, 1, 0, 0, 0);

    /// <summary>Waits for any child. Null when there is none.</summary>
    public static (int Pid, int Status)? WaitAny()
    {
        int pid, status;
        do
        {
            pid = WaitPid(-1, out status, 0);
        }
        while (pid < 0 && Marshal.GetLastPInvokeError() == EIntr);
        return pid > 0 ? (pid, status) : null;
    }

    /// <summary>
    /// Starts a program in a session of its own, with nothing on its input and its output appended to a file.
    /// .NET's own Process would take the exit codes of every child away from <see cref="WaitAny"/>.
    /// </summary>
    public static unsafe int Spawn(string file, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, string log)
    {
        byte* actions = stackalloc byte[Opaque], attributes = stackalloc byte[Opaque], none = stackalloc byte[Opaque], all = stackalloc byte[Opaque];
        Check(FileActionsInit(actions), "posix_spawn_file_actions_init", file);
        Check(AttributesInit(attributes), "posix_spawnattr_init", file);
        var argv = Strings([file, .. arguments]);
        var envp = Strings(environment);
        try
        {
            Check(AddOpen(actions, 0, "/dev/null", OpenReadOnly, 0), "open", "/dev/null");
            Check(AddOpen(actions, 1, log, OpenAppend, 0x1A4), "open", log);
            Check(AddDup2(actions, 1, 2), "dup2", log);
            // .NET blocks and ignores some signals in its own threads; a child must not inherit that.
            _ = SigEmptySet(none);
            _ = SigFillSet(all);
            Check(SetFlags(attributes, SpawnSetSid | SpawnSetSigMask | SpawnSetSigDef), "posix_spawnattr_setflags", file);
            Check(SetSigMask(attributes, none), "posix_spawnattr_setsigmask", file);
            Check(SetSigDefault(attributes, all), "posix_spawnattr_setsigdefault", file);
            Check(PosixSpawn(out var pid, file, actions, attributes, argv, envp), "start", file);
            return pid;
        }
        finally
        {
            Free(argv);
            Free(envp);
            _ = FileActionsDestroy(actions);
            _ = AttributesDestroy(attributes);
        }
    }

    private static void Check(int error, string what, string file)
    {
        if (error != 0)
        {
            throw new IOException($"{what} {file}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    private static unsafe byte** Strings(IReadOnlyList<string> values)
    {
        var result = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++)
        {
            result[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        }

        return result;
    }

    private static unsafe void Free(byte** values)
    {
        for (var p = values; *p != null; p++)
        {
            Marshal.FreeCoTaskMem((nint)(*p));
        }

        NativeMemory.Free(values);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitPid(int pid, out int status, int options);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int PosixSpawn(out int pid, string path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static unsafe partial int FileActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static unsafe partial int FileActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int AddOpen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static unsafe partial int AddDup2(byte* actions, int fd, int newFd);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static unsafe partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static unsafe partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static unsafe partial int SetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static unsafe partial int SetSigMask(byte* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static unsafe partial int SetSigDefault(byte* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static unsafe partial int SigEmptySet(byte* set);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static unsafe partial int SigFillSet(byte* set);
}
