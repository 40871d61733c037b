using System.Text.Json;
using Godwit.VirtHandler.Host;
using static Godwit.VirtHandler.Host.HostToolsExtensions;

namespace Godwit.VirtHandler.Network;

/// <summary>Wires pods by nsenter, ip, nft and dnsmasq.</summary>
public sealed class PodNetwork(IHostTools tools) : IPodNetwork
{
    public async Task<PodNetworkFacts> ReadFactsAsync(int pid, CancellationToken cancellationToken)
    {
        var text = await tools.RequireAsync("nsenter", InNetworkOf(pid, "ip", "-json", "address", "show"), null, cancellationToken);
        var rules = await tools.RunAsync("nsenter", InNetworkOf(pid, "nft", "list", "table", "ip", PodNetworkPlan.TableName), null, cancellationToken);
        var udp = await File.ReadAllTextAsync($"/proc/{pid}/net/udp", cancellationToken);
        return ParseFacts(text, rules.Succeeded, UdpTable.HasListener(udp, 67));
    }

    public async Task WireAsync(int pid, PodWiring wiring, string podFolder, CancellationToken cancellationToken)
    {
        var plan = PodNetworkPlan.Decide(await ReadFactsAsync(pid, cancellationToken), wiring);
        await tools.RequireAsync("nsenter", InNetworkOf(pid, "ip", "-batch", "-"), plan.IpBatch, cancellationToken);

        // route_localnet: what runs in the pod may reach the guest at 127.0.0.1, as a container's sidecar expects.
        // tcp_syn_retries: QEMU makes a broken post-copy channel again, and the guest stands still until it has; an attempt that
        // began while the network was away would go on asking more and more seldom, up to two minutes after it is back.
        // What the guest sends is routed, and not concerned.
        // proxy_arp, at once: to a guest whose subnet has pods in it these are neighbours, which only this pod can answer for.
        await tools.RequireAsync(
            "nsenter",
            InNetworkOf(
                pid,
                "sh",
                "-c",
                $"cd /proc/sys/net/ipv4 && echo 1 > ip_forward && echo 1 > conf/{PodWiring.BridgeName}/route_localnet && echo 1 > tcp_syn_retries"
                + $" && echo 0 > neigh/{PodWiring.BridgeName}/proxy_delay && echo 1 > conf/{PodWiring.BridgeName}/proxy_arp"),
            null,
            cancellationToken);
        if (plan.Rules is { } rules)
        {
            await tools.RequireAsync("nsenter", InNetworkOf(pid, "nft", "-f", "-"), rules, cancellationToken);
        }

        if (plan.DhcpArguments is { } arguments)
        {
            var own = PodFolder.Own(podFolder, "dhcp");
            await StartDhcpAsync(pid, [.. arguments, $"--pid-file={own}/dnsmasq.pid", $"--log-facility={own}/dnsmasq.log"], cancellationToken);
        }
    }

    public async Task AllowMigrationAsync(int pid, string sourceIp, IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        var elements = string.Join(", ", ports.Select(port => $"{sourceIp} . {port}"));
        var rule = $"add element ip {PodNetworkPlan.TableName} {PodNetworkPlan.MigrationSet} {{ {elements} }}\n";
        var result = await tools.RunAsync("nsenter", InNetworkOf(pid, "nft", "-f", "-"), rule, cancellationToken);
        if (!result.Succeeded && (await ReadFactsAsync(pid, cancellationToken)).HasRules)
        {
            throw new HostToolException($"the ports of the migration could not be opened: {result.Error.Trim()}");
        }
    }

    public async Task RevokeMigrationAsync(int pid, CancellationToken cancellationToken)
    {
        var result = await tools.RunAsync(
            "nsenter", InNetworkOf(pid, "nft", "flush", "set", "ip", PodNetworkPlan.TableName, PodNetworkPlan.MigrationSet), null, cancellationToken);
        if (!result.Succeeded && Directory.Exists($"/proc/{pid}") && (await ReadFactsAsync(pid, cancellationToken)).HasRules)
        {
            throw new HostToolException($"the ports of the migration could not be closed: {result.Error.Trim()}");
        }
    }

    public static PodNetworkFacts ParseFacts(string addressJson, bool hasRules, bool hasDhcp)
    {
        using var document = JsonDocument.Parse(addressJson);
        var links = new List<PodLink>();
        var addresses = new List<(string Link, string Address)>();
        foreach (var link in document.RootElement.EnumerateArray())
        {
            var name = link.TryGetProperty("ifname", out var n) ? n.GetString() : null;
            if (name is null)
            {
                continue;
            }

            links.Add(new PodLink(
                name,
                link.TryGetProperty("address", out var mac) ? mac.GetString() ?? "" : "",
                link.TryGetProperty("mtu", out var mtu) ? mtu.GetInt32() : 0,
                link.TryGetProperty("txqlen", out var length) ? length.GetInt32() : 0,
                link.TryGetProperty("master", out var master) ? master.GetString() : null,
                link.TryGetProperty("flags", out var flags) && flags.EnumerateArray().Any(flag => flag.ValueEquals("UP"))));
            if (link.TryGetProperty("addr_info", out var infos))
            {
                addresses.AddRange(infos.EnumerateArray()
                    .Where(info => info.TryGetProperty("family", out var family) && family.ValueEquals("inet"))
                    .Select(info => (name, info.GetProperty("local").GetString()!)));
            }
        }

        return new PodNetworkFacts(
            links,
            addresses.FirstOrDefault(a => a.Link == PodWiring.UplinkName).Address,
            [.. addresses.Where(a => a.Link == PodWiring.BridgeName).Select(a => a.Address)],
            hasRules,
            hasDhcp);
    }

    // The server joins the pod's pid namespace, so it ends with the pod whatever becomes of this agent, and the pod's
    // cgroup, so that it counts there. It keeps the node's own mounts: its program and files come from the node.
    private Task<string> StartDhcpAsync(int pid, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        const string script = """
            pid=$1; shift
            while IFS=: read -r n controllers path; do
              for root in "/sys/fs/cgroup/${controllers#name=}" /sys/fs/cgroup/unified /sys/fs/cgroup; do
                [ -n "$controllers" ] || [ "$root" != "/sys/fs/cgroup/" ] || continue
                if [ -w "$root$path/cgroup.procs" ]; then echo $$ > "$root$path/cgroup.procs" 2>/dev/null; break; fi
              done
            done < "/proc/$pid/cgroup"
            exec nsenter -t "$pid" -n -p -- dnsmasq "$@"
            """;
        return tools.RequireAsync("sh", ["-c", script, "sh", pid.ToString(), .. arguments], null, cancellationToken);
    }
}
