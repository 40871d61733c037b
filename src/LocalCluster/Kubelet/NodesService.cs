using System.Net;
using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Services;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>The cluster's nodes: their networks, the way to services, and a kubelet for each.</summary>
/// <param name="hostImages">Images that stand for the machine's own programs.</param>
public sealed class NodesService(IReadOnlyList<HostImage> hostImages) : IClusterService
{
    private const int PodsPerNode = 110;

    public string Name => "nodes";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var options = context.Options;
        var tools = new HostTools(context.Time);
        var network = NetworkOf(options);
        var images = new ImageStore(KubeletPaths.ImagesOf(options.StateDirectory), context.Time);
        foreach (var image in hostImages)
        {
            // What was imported under that name is what is wanted.
            if (images.Find(image.Reference) is null or { Kind: ImageRecord.HostKind })
            {
                images.RegisterHost(image);
            }
        }
        context.ApiServer.PodLogs = new PodLogs(options.Name, options.StateDirectory, context.Time);
        await new NodeNetwork(tools).EnsureHostAsync(network, cancellationToken);
        using var api = ApiClient.FromKubeconfig(context.KubeconfigPath, context.Time);
        var machines = network.Places.Select(place => Machine(context, network, place, api, tools)).ToList();
        foreach (var machine in machines.Where(m => !m.IsOff))
        {
            await machine.PlugInAsync(cancellationToken);
        }
        await TaskGroup.RunAsync(cancellationToken, [.. machines.Select<NodeMachine, Func<CancellationToken, Task>>(m => m.RunAsync)]);
    }

    /// <summary>The networks that a cluster's options name.</summary>
    public static ClusterNetwork NetworkOf(ClusterOptions options) =>
        new(options.Name, IPNetwork.Parse(options.NodeCidr), IPNetwork.Parse(options.PodCidr), options.Nodes);

    private static NodeMachine Machine(ClusterContext context, ClusterNetwork network, NodePlace place, ApiClient api, HostTools tools)
    {
        var options = new KubeletOptions
        {
            ClusterName = context.Options.Name,
            StateDirectory = context.Options.StateDirectory,
            Place = place,
            Gateway = network.Gateway.ToString(),
            Capacity = Capacity(context.Options),
            LeaseRenewal = LeaseRenewal(context.Options),
        };
        var proxy = new ServiceProxy(context.ApiServer.Operations.Store, place, tools, context.Time, context.Loggers.CreateLogger<ServiceProxy>());
        return new NodeMachine(
            new KubeletPaths(options.ClusterName, options.StateDirectory, place.Node),
            network,
            place,
            tools,
            [proxy.RunAsync, ct => KubeletAgent.RunAsync(options, api, tools, context.Loggers, context.Time, ct)],
            context.Loggers.CreateLogger("node"),
            context.Time);
    }

    /// <summary>Four renewals fit into the time after which a silent node counts as lost, as on a real cluster.</summary>
    private static TimeSpan LeaseRenewal(ClusterOptions options) => options.NodeMonitorGracePeriod / 4;

    /// <summary>Processors are shared by all nodes, as guests of one machine share them; memory is divided, for it cannot be.</summary>
    private static Dictionary<string, string> Capacity(ClusterOptions options)
    {
        var total = long.Parse(File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        var disk = new DriveInfo(options.StateDirectory);
        return new(StringComparer.Ordinal)
        {
            ["cpu"] = $"{options.NodeCpus ?? Environment.ProcessorCount}",
            ["memory"] = options.NodeMemory ?? $"{total / options.Nodes.Count}Ki",
            ["pods"] = $"{PodsPerNode}",
            ["ephemeral-storage"] = $"{disk.TotalSize / 1024}Ki",
        };
    }
}
