using System.Runtime.InteropServices;

namespace Godwit.Perf;

/// <summary>The processor time of the calling thread: on a machine with other work, what a call itself costs.</summary>
internal static partial class ThreadClock
{
    // From linux/time.h.
    private const int ThreadCpuTime = 3;

    public static long Nanoseconds() =>
        Read(ThreadCpuTime, out var time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : throw new InvalidOperationException("there is no clock of threads");

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Read(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
