using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What a launcher pod asks of its node.</summary>
public static class LauncherResources
{
    private const long MiB = 1 << 20;

    /// <summary>QEMU's own code, heap and migration buffers, and the launcher.</summary>
    private const long FixedOverhead = 160 * MiB;

    private const long PerVcpu = 8 * MiB;
    private const long Video = 32 * MiB;

    /// <summary>Page tables of the guest's memory: eight bytes for each page of 4 KiB.</summary>
    private const long PageTableShare = 512;

    /// <summary>Memory beyond the guest's own.</summary>
    public static long OverheadBytes(VirtualMachineInstanceSpec? spec, ClusterConfiguration cluster)
    {
        var guest = Sizes.Whole(spec?.Domain?.Memory?.Guest);
        var overhead = FixedOverhead + guest / PageTableShare + Vcpus(spec) * PerVcpu;
        if (spec?.Domain?.Devices?.AutoattachGraphicsDevice != false)
        {
            overhead += Video;
        }

        // Software emulation keeps translated code.
        return cluster.UseEmulation ? overhead + 64 * MiB : overhead;
    }

    public static ResourceRequirements Of(VirtualMachineInstanceSpec spec, ClusterConfiguration cluster)
    {
        var resources = spec.Domain?.Resources;
        var guest = Sizes.Whole(spec.Domain?.Memory?.Guest);
        var overhead = OverheadBytes(spec, cluster);
        var asked = resources?.Requests?.GetValueOrDefault("memory") is { } request
            ? Sizes.Whole(request)
            : guest * 100 / Math.Max(cluster.MemoryOvercommitPercent, 1);
        var requests = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["cpu"] = resources?.Requests?.GetValueOrDefault("cpu") ?? CpuRequest(spec, cluster),
            ["memory"] = Sizes.Format(asked + (resources?.OvercommitGuestOverhead == true ? 0 : overhead)),
        };
        var limits = new Dictionary<string, string>(StringComparer.Ordinal) { [Launcher.TunDevice] = "1" };
        if (!cluster.UseEmulation)
        {
            limits[Launcher.KvmDevice] = "1";
        }

        if (resources?.Limits?.GetValueOrDefault("cpu") is { } cpu)
        {
            limits["cpu"] = cpu;
        }

        if (resources?.Limits?.GetValueOrDefault("memory") is { } memory)
        {
            limits["memory"] = Sizes.Format(Sizes.Whole(memory) + overhead);
        }

        return new ResourceRequirements { Requests = requests, Limits = limits };
    }

    private static string CpuRequest(VirtualMachineInstanceSpec spec, ClusterConfiguration cluster) =>
        $"{Vcpus(spec) * Math.Max(Sizes.Milli(cluster.CpuRequest), 1)}m";

    private static long Vcpus(VirtualMachineInstanceSpec? spec)
    {
        var cpu = spec?.Domain?.Cpu;
        return Math.Max(cpu?.Sockets ?? 1, 1) * Math.Max(cpu?.Cores ?? 1, 1) * Math.Max(cpu?.Threads ?? 1, 1);
    }
}
