using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>
/// Makes and removes the nodes' network namespaces, the bridge between them and the routes. What is there already is kept:
/// after a crash the set-up is found again and only what is missing is added.
/// </summary>
public sealed class NodeNetwork(HostTools tools)
{
    /// <summary>Makes what is on the host: the bridge, and the routes to all nodes, also to those that are off.</summary>
    /// <exception cref="NetworkException">A range overlaps with a route that the host has.</exception>
    public async Task EnsureHostAsync(ClusterNetwork network, CancellationToken cancellation)
    {
        network.Validate();
        var routes = await tools.IpJsonAsync(["-4", "route", "show"], cancellation);
        if (RouteOverlap.Find([("the node range", network.NodeRange), ("the pod range", network.PodRange)], routes, network.Bridge) is { } overlap)
        {
            throw new NetworkException(overlap);
        }
        await EnsureBridgeAsync(network, await LinksAsync(null, cancellation), cancellation);
        // With multipath or stale entries a changed set of nodes would be half right: replace is idempotent.
        await tools.IpBatchAsync(network.Places.Select(p => $"route replace {p.Pods} via {p.Address} dev {network.Bridge}"), cancellation);
    }

    /// <summary>Removes all of it; what is gone already is no error.</summary>
    public async Task RemoveAsync(ClusterNetwork network, CancellationToken cancellation)
    {
        var namespaces = await NamespacesAsync(cancellation);
        foreach (var name in namespaces.Where(network.Owns))
        {
            await tools.TryRunAsync("ip", ["netns", "delete", name], cancellation);
        }
        var links = await LinksAsync(null, cancellation);
        foreach (var link in network.Places.Select(p => p.HostInterface).Append(network.Bridge).Where(links.Contains))
        {
            // Removing a namespace removes its end of a pair in the background, and with it the host's: both orders are fine.
            await tools.TryRunAsync("ip", ["link", "delete", link], cancellation);
        }
    }

    /// <summary>Cuts a node off: from now on not even the end of a connection gets out.</summary>
    public async Task CutAsync(NodePlace place, CancellationToken cancellation)
    {
        if ((await LinksAsync(null, cancellation)).Contains(place.HostInterface))
        {
            await tools.RunAsync("ip", ["link", "set", place.HostInterface, "down"], cancellation);
        }
    }

    /// <summary>Takes a node's namespace and its wire away; what is gone already is no error.</summary>
    public async Task UnplugAsync(NodePlace place, CancellationToken cancellation)
    {
        await EndNamespaceAsync(place.Namespace, cancellation);
        await tools.TryRunAsync("ip", ["link", "delete", place.HostInterface], cancellation);
    }

    /// <summary>Takes a namespace away, with all that still runs in it.</summary>
    public async Task EndNamespaceAsync(string name, CancellationToken cancellation)
    {
        if (!(await NamespacesAsync(cancellation)).Contains(name))
        {
            return;
        }
        var pids = await tools.TryRunAsync("ip", ["netns", "pids", name], cancellation);
        if (pids.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } left)
        {
            await tools.TryRunAsync("kill", ["-KILL", .. left], cancellation);
        }
        await tools.TryRunAsync("ip", ["netns", "delete", name], cancellation);
    }

    /// <summary>The names of the network namespaces that exist.</summary>
    public async Task<IReadOnlySet<string>> NamespacesAsync(CancellationToken cancellation)
    {
        var list = await tools.IpJsonAsync(["netns", "list"], cancellation);
        return list.OfType<JsonObject>().Select(n => (string?)n["name"]).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    private async Task EnsureBridgeAsync(ClusterNetwork network, IReadOnlySet<string> links, CancellationToken cancellation)
    {
        var commands = new List<string>();
        if (!links.Contains(network.Bridge))
        {
            commands.Add($"link add {network.Bridge} type bridge stp_state 0 forward_delay 0");
        }
        commands.Add($"link set {network.Bridge} address {HardwareAddress.Of(network.Gateway)}");
        commands.Add($"address replace {network.Gateway}/{network.NodeRange.PrefixLength} dev {network.Bridge}");
        commands.Add($"link set {network.Bridge} up");
        await tools.IpBatchAsync(commands, cancellation);
    }

    /// <summary>Plugs a node in: its namespace, its wire to the bridge, its routes. The host's part must be there.</summary>
    public async Task EnsureNodeAsync(ClusterNetwork network, NodePlace place, CancellationToken cancellation)
    {
        var links = await LinksAsync(null, cancellation);
        if (!(await NamespacesAsync(cancellation)).Contains(place.Namespace))
        {
            await tools.RunAsync("ip", ["netns", "add", place.Namespace], cancellation);
        }
        var inside = await LinksAsync(place.Namespace, cancellation);
        if (!inside.Contains("eth0") || !links.Contains(place.HostInterface))
        {
            if (links.Contains(place.HostInterface))
            {
                await tools.TryRunAsync("ip", ["link", "delete", place.HostInterface], cancellation);
            }
            await tools.RunAsync("ip", ["link", "add", place.HostInterface, "type", "veth", "peer", "name", "eth0", "netns", place.Namespace], cancellation);
        }
        await tools.IpBatchAsync([$"link set {place.HostInterface} master {network.Bridge}", $"link set {place.HostInterface} up"], cancellation);
        var commands = new List<string>
        {
            "link set lo up",
            $"link set eth0 address {place.Mac}",
            $"address replace {place.Address}/{place.PrefixLength} dev eth0",
            "link set eth0 up",
            $"route replace default via {network.Gateway} dev eth0",
        };
        commands.AddRange(network.Places.Where(p => p != place).Select(p => $"route replace {p.Pods} via {p.Address} dev eth0"));
        await tools.RunAsync("ip", ["-n", place.Namespace, "-batch", "-"], cancellation, string.Join('\n', commands) + "\n");
        await tools.RunAsync(
            "ip", ["netns", "exec", place.Namespace, "tee", "/proc/sys/net/ipv4/ip_forward"], cancellation, "1\n");
    }

    private async Task<IReadOnlySet<string>> LinksAsync(string? inNamespace, CancellationToken cancellation)
    {
        var links = await tools.IpJsonAsync(inNamespace is null ? ["link", "show"] : ["-n", inNamespace, "link", "show"], cancellation);
        return links.OfType<JsonObject>().Select(l => (string?)l["ifname"]).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }
}
