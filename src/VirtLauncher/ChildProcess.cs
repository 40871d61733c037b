using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtLauncher;

/// <summary>
/// The one child that matters, and the reaping of all others: as first process of its namespace the launcher inherits
/// whatever others leave behind. A thread waits for them all. SIGCHLD is of no use here: in a process whose pid is 1 the
/// runtime answers it by reaping every child itself, and the child's exit code is lost.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<ChildExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _disposed = new();
    private int _pid;

    public int Pid => _pid;

    /// <summary>How the child ended.</summary>
    public Task<ChildExit> Exit => _exit.Task;

    /// <summary>Starts the child with its output and error joined; gives the reading end.</summary>
    /// <exception cref="InvalidOperationException">It could not be started.</exception>
    public unsafe SafeFileHandle Start(string binary, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var ends = stackalloc int[2];
        if (Native.Pipe(ends, Native.CloseOnExec) != 0)
        {
            throw new InvalidOperationException($"no pipe: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        // Takes the runtime's handler away: what has ended then stays until the reaper fetches it.
        _ = Native.SetSignal(Native.SigChild, 0);
        var reading = new SafeFileHandle(ends[0], ownsHandle: true);
        var argv = new NativeStrings([binary, .. arguments]);
        var envp = new NativeStrings(Merge(environment));
        var actions = stackalloc byte[Native.OpaqueSize];
        var attributes = stackalloc byte[Native.OpaqueSize];
        var none = stackalloc byte[Native.OpaqueSize];
        var all = stackalloc byte[Native.OpaqueSize];
        _ = Native.FileActionsInit(actions);
        _ = Native.AttributesInit(attributes);
        try
        {
            _ = Native.FileActionsAddOpen(actions, 0, "/dev/null", 0, 0);
            _ = Native.FileActionsAddDup2(actions, ends[1], 1);
            _ = Native.FileActionsAddDup2(actions, ends[1], 2);
            // The runtime ignores SIGPIPE and may block others; the child is to begin as any program does.
            _ = Native.SigEmptySet(none);
            _ = Native.SigFillSet(all);
            _ = Native.AttributesSetSigMask(attributes, none);
            _ = Native.AttributesSetSigDefault(attributes, all);
            _ = Native.AttributesSetFlags(attributes, Native.SpawnSetSigMask | Native.SpawnSetSigDefault);
            int error;
            lock (_lock)
            {
                error = Native.Spawn(out var pid, binary, actions, attributes, argv.Pointer, envp.Pointer);
                _pid = error == 0 ? pid : 0;
            }

            if (error != 0)
            {
                reading.Dispose();
                throw new InvalidOperationException($"cannot start {binary}: {Marshal.GetPInvokeErrorMessage(error)}");
            }

            new Thread(Reap, maxStackSize: 256 * 1024) { IsBackground = true, Name = "reaper" }.Start();
        }
        finally
        {
            _ = Native.Close(ends[1]);
            _ = Native.FileActionsDestroy(actions);
            _ = Native.AttributesDestroy(attributes);
            argv.Free();
            envp.Free();
        }

        return reading;
    }

    /// <summary>Signals the child if it still is there.</summary>
    public void Signal(int signal)
    {
        lock (_lock)
        {
            // Under the lock nobody can reap it, so the number cannot have passed to another process.
            if (_pid != 0 && !_exit.Task.IsCompleted)
            {
                _ = Native.Kill(_pid, signal);
            }
        }
    }

    public void Dispose() => _disposed.Set();

    private void Reap()
    {
        while (!_disposed.IsSet)
        {
            if (!AwaitAnEnd())
            {
                // Nobody left. Whoever ends up here later can wait a little.
                _exit.TrySetResult(new ChildExit(null, Native.SigKill));
                _disposed.Wait(IdlePause);
                continue;
            }

            lock (_lock)
            {
                int pid;
                while ((pid = Native.WaitPid(-1, out var status, Native.NoHang)) > 0)
                {
                    if (pid == _pid)
                    {
                        _exit.TrySetResult(ChildExit.FromWaitStatus(status));
                    }
                }
            }
        }
    }

    /// <summary>Blocks until some child has ended, and leaves it to be fetched under the lock; false when there is no child.</summary>
    private static unsafe bool AwaitAnEnd()
    {
        var info = stackalloc byte[Native.OpaqueSize];
        return Native.WaitId(Native.AllChildren, 0, info, Native.ExitedLeaveIt) == 0 || Marshal.GetLastPInvokeError() != Native.NoChild;
    }

    private static string[] Merge(IReadOnlyDictionary<string, string> extra)
    {
        var merged = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            merged[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        foreach (var (key, value) in extra)
        {
            merged[key] = value;
        }

        return [.. merged.Select(p => $"{p.Key}={p.Value}")];
    }

    /// <summary>A null-terminated array of null-terminated UTF-8 strings.</summary>
    private sealed unsafe class NativeStrings
    {
        private readonly int _count;

        public NativeStrings(string[] strings)
        {
            _count = strings.Length;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                var bytes = Encoding.UTF8.GetByteCount(strings[i]);
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes + 1);
                Encoding.UTF8.GetBytes(strings[i], new Span<byte>(Pointer[i], bytes));
            }
        }

        public byte** Pointer { get; }

        public void Free()
        {
            for (var i = 0; i < _count; i++)
            {
                NativeMemory.Free(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}
