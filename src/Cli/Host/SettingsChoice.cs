using System.Net;
using System.Text.RegularExpressions;

namespace Godwit.Cli.Host;

/// <summary>Decides a cluster's settings from what the user said, what the folder holds and what the machine has.</summary>
public static partial class SettingsChoice
{
    private const int MostNodes = 50;
    private const int PortsTried = 1000;
    private const int LastFirst = 65536 - PortsTried;
    private const int LeastGrace = 4;
    private const int MostGrace = 3600;

    /// <summary>The settings for this start.</summary>
    /// <param name="options">What the user said.</param>
    /// <param name="earlier">Settings of the cluster that the folder holds already; null in a new folder.</param>
    /// <param name="routed">Networks that the machine has routes to.</param>
    /// <param name="isFree">Whether a port can be listened on.</param>
    public static ClusterSettings Decide(
        UpOptions options, ClusterSettings? earlier, IReadOnlyList<IPNetwork> routed, Func<int, bool> isFree)
    {
        if (options.Nodes is < 1 or > MostNodes)
        {
            throw new CliException($"--nodes {options.Nodes} is out of range.", $"Choose 1 to {MostNodes}.");
        }

        if (options.Name is { } given && !NamePattern().IsMatch(given))
        {
            throw new CliException($"\"{given}\" cannot name a cluster.", "Use at most 10 lower-case letters and digits, with a letter first: interfaces are named after it.");
        }

        var settings = earlier ?? new ClusterSettings();
        if (options.Auto && earlier is null)
        {
            var (node, pod, service) = Networks.Free(routed);
            settings = settings with { NodeCidr = node, PodCidr = pod, ServiceCidr = service, ApiPort = FreePort(settings.ApiPort, isFree), WebhookPort = FreePort(settings.WebhookPort, isFree) };
        }

        settings = settings with
        {
            Name = options.Name ?? settings.Name,
            Nodes = options.Nodes is { } count ? [.. Enumerable.Range(1, count).Select(static n => $"node{n:00}")] : settings.Nodes,
            ApiPort = options.Port ?? settings.ApiPort,
            // One --port moves both, so that a second cluster needs one flag only.
            WebhookPort = options.WebhookPort ?? (options.Port is { } port ? port + 3000 : settings.WebhookPort),
            // Nobody has to know this one beforehand, and many programs like 8443: the next that is free does.
            MetricsPort = FreePort(options.Port is { } moved ? Math.Min(moved + 2000, LastFirst) : settings.MetricsPort, isFree),
            NodeCidr = options.NodeCidr ?? settings.NodeCidr,
            PodCidr = options.PodCidr ?? settings.PodCidr,
            ServiceCidr = options.ServiceCidr ?? settings.ServiceCidr,
            BinDir = AppContext.BaseDirectory.TrimEnd('/'),
            NodeMemory = $"{MemoryKiB() / (options.Nodes ?? settings.Nodes.Count)}Ki",
            NodeCpus = Environment.ProcessorCount,
            NodeMonitorGraceSeconds = options.NodeMonitorGraceSeconds ?? settings.NodeMonitorGraceSeconds,
            Bare = options.Bare || settings.Bare,
        };
        if (settings.NodeMonitorGraceSeconds is < LeastGrace or > MostGrace)
        {
            throw new CliException(
                $"--node-monitor-grace-period {settings.NodeMonitorGraceSeconds} is out of range.",
                $"Choose {LeastGrace} to {MostGrace} seconds; a kubelet renews its lease four times in that time.");
        }

        if (settings.ApiPort is < 1 or > 65535 || settings.WebhookPort is < 1 or > 65535)
        {
            throw new CliException($"Ports {settings.ApiPort} and {settings.WebhookPort} are not both between 1 and 65535.", "Choose with --port and --webhook-port.");
        }

        if (earlier is { Bare: false } && options.Bare)
        {
            throw new CliException("The state folder holds a cluster with Godwit in it.", "Give another --state folder for a bare one, or `godwit down` the first.");
        }

        if (earlier is not null && earlier.Name != settings.Name)
        {
            throw new CliException($"The state folder holds the cluster \"{earlier.Name}\".", "Give another --state folder for a second cluster, or `godwit down` the first.");
        }

        return settings;
    }

    private static int FreePort(int first, Func<int, bool> isFree)
    {
        for (var port = first; port < first + PortsTried; port++)
        {
            if (isFree(port))
            {
                return port;
            }
        }

        throw new CliException($"No port from {first} to {first + PortsTried - 1} is free.", "Name one with --port.");
    }

    private static long MemoryKiB() =>
        long.Parse(File.ReadLines("/proc/meminfo").First(static l => l.StartsWith("MemTotal:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    [GeneratedRegex("^[a-z][a-z0-9]{0,9}$", RegexOptions.None, 1000)]
    private static partial Regex NamePattern();
}
