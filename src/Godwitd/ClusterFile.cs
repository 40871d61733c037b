using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster;
using Godwit.Machinery;

namespace Godwit.Godwitd;

/// <summary>Reads <c>cluster.json</c>, which <c>godwit up</c> writes.</summary>
public static class ClusterFile
{
    /// <summary>Whether the cluster is to have nothing of Godwit in it.</summary>
    public static bool IsBare(string state) => Parse(Path.GetFullPath(state)).Flag("bare") == true;

    public static ClusterOptions Read(string state)
    {
        var folder = Path.GetFullPath(state);
        var json = Parse(folder);
        var defaults = new ClusterOptions { StateDirectory = folder };
        var nodeCidr = json.Text("nodeCidr") ?? defaults.NodeCidr;
        return defaults with
        {
            Name = json.Text("name") ?? defaults.Name,
            Nodes = json.At("nodes") is JsonArray nodes ? [.. nodes.Select(static n => n!.GetValue<string>())] : defaults.Nodes,
            ApiPort = (int?)json.Integer("apiPort") ?? defaults.ApiPort,
            WebhookPort = (int?)json.Integer("webhookPort") ?? defaults.WebhookPort,
            NodeCidr = nodeCidr,
            PodCidr = json.Text("podCidr") ?? defaults.PodCidr,
            ServiceCidr = json.Text("serviceCidr") ?? defaults.ServiceCidr,
            BinDirectory = json.Text("binDir") ?? AppContext.BaseDirectory,
            NodeMemory = json.Text("nodeMemory"),
            NodeCpus = (int?)json.Integer("nodeCpus"),
            NodeMonitorGracePeriod = json.Integer("nodeMonitorGraceSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : defaults.NodeMonitorGracePeriod,
            ExtraAddresses = [Gateway(nodeCidr)],
        };
    }

    private static JsonNode? Parse(string folder)
    {
        var file = Path.Combine(folder, "cluster.json");
        return File.Exists(file)
            ? JsonNode.Parse(File.ReadAllText(file))
            : throw new UsageException($"{file} does not exist; `godwit up --state {folder}` writes it");
    }

    /// <summary>The first address of the nodes' network: the bridge's.</summary>
    private static IPAddress Gateway(string cidr)
    {
        var bytes = IPNetwork.Parse(cidr).BaseAddress.GetAddressBytes();
        bytes[^1]++;
        return new IPAddress(bytes);
    }
}
