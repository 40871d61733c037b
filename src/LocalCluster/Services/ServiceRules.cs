using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Services;

/// <summary>
/// The packet rules of a node by which services' addresses and node ports lead to their endpoints, as input for <c>nft</c>: pure.
/// The table is replaced as a whole, so a node never has half of it; open connections stay where they are.
/// </summary>
public static class ServiceRules
{
    public const string Table = "godwit-services";
    private const string ServiceLabel = "kubernetes.io/service-name";

    /// <summary>Connections by a node's port are masqueraded: the endpoint may be on another node, and its answers must come back here.</summary>
    private const string NodePortMark = "0x4000";

    /// <param name="services">All services.</param>
    /// <param name="slices">All endpoint slices.</param>
    /// <param name="pods">The node's range of pod addresses.</param>
    public static string Ruleset(IEnumerable<JsonObject> services, IEnumerable<JsonObject> slices, IPNetwork pods)
    {
        var byService = slices.Where(static s => s.Text("addressType") == "IPv4")
            .ToLookup(static s => (s.Namespace(), s.Labels().GetValueOrDefault(ServiceLabel)));
        var served = new List<ServedPort>();
        foreach (var service in services.OrderBy(static s => s.Namespace(), StringComparer.Ordinal).ThenBy(static s => s.Name(), StringComparer.Ordinal))
        {
            served.AddRange(Ports(service, [.. byService[(service.Namespace(), service.Name())]]));
        }

        return Write(served, pods);
    }

    private static IEnumerable<ServedPort> Ports(JsonObject service, IReadOnlyList<JsonObject> slices)
    {
        if (!IPAddress.TryParse(service.Text("spec", "clusterIP"), out var address) || address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork)
        {
            // Headless, external, or of another family: nothing to lead anywhere.
            yield break;
        }

        foreach (var port in (service.At("spec", "ports") as JsonArray ?? []).OfType<JsonObject>())
        {
            yield return new(
                address.ToString(),
                (port.Text("protocol") ?? "TCP").ToLowerInvariant(),
                port.Integer("port") ?? 0,
                service.Text("spec", "type") is "NodePort" or "LoadBalancer" ? port.Integer("nodePort") : null,
                Endpoints(slices, port.Text("name") ?? ""));
        }
    }

    /// <summary>The ready ones; where there are none, those that are on their way out but still serve.</summary>
    private static List<string> Endpoints(IReadOnlyList<JsonObject> slices, string portName)
    {
        var ready = new SortedSet<string>(StringComparer.Ordinal);
        var leaving = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var slice in slices)
        {
            if ((slice["ports"] as JsonArray ?? []).FirstOrDefault(p => (p.Text("name") ?? "") == portName)?.Integer("port") is not { } port)
            {
                continue;
            }

            foreach (var endpoint in (slice["endpoints"] as JsonArray ?? []).OfType<JsonObject>())
            {
                var kept = endpoint.Flag("conditions", "ready") != false ? ready
                    : endpoint.Flag("conditions", "serving") == true && endpoint.Flag("conditions", "terminating") == true ? leaving
                    : null;
                kept?.UnionWith((endpoint["addresses"] as JsonArray ?? []).Select(a => $"{a.Text()} . {port}"));
            }
        }

        return [.. ready.Count > 0 ? ready : leaving];
    }

    private static string Write(List<ServedPort> served, IPNetwork pods)
    {
        var led = served.Where(static p => p.Endpoints.Count > 0).ToList();
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"add table ip {Table}")
            .AppendLine(CultureInfo.InvariantCulture, $"delete table ip {Table}")
            .AppendLine(CultureInfo.InvariantCulture, $"table ip {Table} {{");
        Elements(text, "map services { type ipv4_addr . inet_proto . inet_service : verdict;", led.Select(static (p, i) => $"{p.Key} : goto service-{i}"));
        Elements(text, "map node-ports { type inet_proto . inet_service : verdict;", led.Select(static (p, i) => (p, i)).Where(static e => e.p.NodePort is not null)
            .Select(static e => $"{e.p.Protocol} . {e.p.NodePort} : goto node-port-{e.i}"));
        Elements(text, "set refused { type ipv4_addr . inet_proto . inet_service;", served.Where(static p => p.Endpoints.Count == 0).Select(static p => p.Key));
        foreach (var (port, i) in led.Select(static (p, i) => (p, i)))
        {
            var choices = string.Join(", ", port.Endpoints.Select(static (e, n) => $"{n} : {e}"));
            Chain(text, $"service-{i}", $"meta l4proto {port.Protocol} dnat ip to numgen random mod {port.Endpoints.Count} map {{ {choices} }}");
            if (port.NodePort is not null)
            {
                Chain(text, $"node-port-{i}", $"meta mark set meta mark or {NodePortMark} goto service-{i}");
            }
        }

        Chain(text, "find", "ip daddr . meta l4proto . th dport vmap @services", "fib daddr type local meta l4proto . th dport vmap @node-ports");
        Chain(text, "prerouting", "type nat hook prerouting priority -100", "jump find");
        Chain(text, "output", "type nat hook output priority -100", "jump find");
        Chain(
            text,
            "postrouting",
            "type nat hook postrouting priority 100",
            $"meta mark and {NodePortMark} == {NodePortMark} masquerade",
            // Two pods of one bridge answer each other directly, past the translation, unless the answer has to come to the node.
            $"ct status dnat ip saddr {pods} ip daddr {pods} masquerade");
        Chain(text, "refuse", "ip daddr . meta l4proto . th dport @refused reject");
        Chain(text, "forward", "type filter hook forward priority 0", "jump refuse");
        Chain(text, "local", "type filter hook output priority 0", "jump refuse");
        return text.AppendLine("}").ToString();
    }

    private static void Elements(StringBuilder text, string opening, IEnumerable<string> elements)
    {
        var all = string.Join(", ", elements);
        text.AppendLine(CultureInfo.InvariantCulture, $"{opening}{(all.Length > 0 ? $" elements = {{ {all} }}" : "")} }}");
    }

    private static void Chain(StringBuilder text, string name, params IEnumerable<string> rules)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"chain {name} {{");
        foreach (var rule in rules)
        {
            text.AppendLine(rule);
        }

        text.AppendLine("}");
    }

    private sealed record ServedPort(string Address, string Protocol, long Port, long? NodePort, IReadOnlyList<string> Endpoints)
    {
        public string Key => $"{Address} . {Protocol} . {Port}";
    }
}
