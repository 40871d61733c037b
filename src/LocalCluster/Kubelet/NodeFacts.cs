using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>What the machine is; the same on every node of this cluster.</summary>
public sealed record NodeFacts(string MachineId, string BootId, string Kernel, string OperatingSystem, string Runtime)
{
    public static async Task<NodeFacts> ReadAsync(HostTools tools, CancellationToken cancellation)
    {
        var conmon = await tools.RunAsync("conmon", ["--version"], cancellation);
        var release = File.Exists("/etc/os-release") ? File.ReadAllLines("/etc/os-release") : [];
        return new NodeFacts(
            Text("/etc/machine-id"),
            Text("/proc/sys/kernel/random/boot_id"),
            Text("/proc/sys/kernel/osrelease"),
            release.FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))?.Split('=')[1].Trim('"') ?? "Linux",
            $"conmon://{conmon.Split('\n')[0].Split(' ')[^1]}");
    }

    private static string Text(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : "";
}
