using Godwit.Machinery;

namespace Godwit.Monitoring;

/// <summary>The process itself, under the names that Prometheus' own clients use.</summary>
public static class ProcessMetrics
{
    /// <summary>Adds them, and the version, for as long as the process lives.</summary>
    /// <param name="metrics">Where to.</param>
    /// <param name="version">Of this build.</param>
    public static void Register(MetricRegistry metrics, string version)
    {
        var info = metrics.Gauge("godwit_info", "Always 1; the label has the version.", "version");
        var cpu = metrics.Total("process_cpu_seconds_total", "Processor time of the process.");
        var memory = metrics.Gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.");
        var heap = metrics.Gauge("process_managed_heap_bytes", "Memory of the process that its garbage collector manages, after its last work.");
        var files = metrics.Gauge("process_open_fds", "Open file descriptors of the process.");
        var start = metrics.Gauge("process_start_time_seconds", "When the process began, in seconds since 1970.");
        var began = Began();
        metrics.Collect(() =>
        [
            info.Sample(1, version),
            cpu.Sample(Environment.CpuUsage.TotalTime.TotalSeconds),
            memory.Sample(Environment.WorkingSet),
            heap.Sample(GC.GetGCMemoryInfo().HeapSizeBytes),
            files.Sample(Directory.EnumerateFileSystemEntries("/proc/self/fd").Count()),
            start.Sample(began),
        ]);
    }

    private static double Began()
    {
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return new DateTimeOffset(self.StartTime).ToUnixTimeMilliseconds() / 1000.0;
    }
}
