using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Columns;

/// <summary>The columns of the smaller core kinds.</summary>
internal static class CoreColumns
{
    public static readonly IReadOnlyList<TableColumn> ConfigMap =
        [new("Data", "string", "How many entries there are.", (o, _) => Cells.CountOf(o["data"]) + Cells.CountOf(o["binaryData"])), TableColumn.Age];

    public static readonly IReadOnlyList<TableColumn> Secret =
    [
        Cells.Text("Type", "Tells programs what the data is for.", o => Cells.Field(o, "type")),
        new("Data", "string", "How many entries there are.", (o, _) => Cells.CountOf(o["data"])),
        TableColumn.Age,
    ];

    public static readonly IReadOnlyList<TableColumn> Namespace =
        [Cells.Text("Status", "The status of the namespace", o => Cells.Field(o, "status", "phase")), TableColumn.Age];

    // The number of secrets is history, but scripts count columns: kubectl of our time has no such column any more.
    public static readonly IReadOnlyList<TableColumn> ServiceAccount = [TableColumn.Age];

    public static readonly IReadOnlyList<TableColumn> Service =
    [
        Cells.Text("Type", "How the service is exposed.", o => Cells.Field(o, "spec", "type")),
        Cells.Text("Cluster-IP", "The service's address inside the cluster.", o => Cells.OrNone(Cells.Field(o, "spec", "clusterIP"))),
        Cells.Text("External-IP", "Addresses outside the cluster.", ExternalIp),
        Cells.Text("Port(s)", "The ports of the service.", Ports),
        TableColumn.Age,
        Cells.Text("Selector", "Pods that the service leads to.", o => Cells.Labels(o["spec"]?["selector"]), 1),
    ];

    public static readonly IReadOnlyList<TableColumn> Endpoints =
        [Cells.Text("Endpoints", "Addresses and ports that the service leads to.", EndpointList), TableColumn.Age];

    public static readonly IReadOnlyList<TableColumn> EndpointSlice =
    [
        Cells.Text("AddressType", "Kind of address.", o => Cells.Field(o, "addressType")),
        Cells.Text("Ports", "Ports of the endpoints.", o => Listed(Cells.List(o["ports"]).Select(p => Cells.Field(p, "port")), "<unset>")),
        Cells.Text("Endpoints", "Addresses of the endpoints.", o => Listed(Cells.List(o["endpoints"]).SelectMany(e => Cells.Strings(e["addresses"])), "<unset>")),
        TableColumn.Age,
    ];

    public static readonly IReadOnlyList<TableColumn> Lease =
        [Cells.Text("Holder", "Who holds the lease.", o => Cells.Field(o, "spec", "holderIdentity")), TableColumn.Age];

    public static readonly IReadOnlyList<TableColumn> ResourceQuota =
    [
        Cells.Text("Request", "Use and limit of requests.", o => Usage(o, limits: false)),
        Cells.Text("Limit", "Use and limit of limits.", o => Usage(o, limits: true)),
        TableColumn.Age,
    ];

    public static readonly IReadOnlyList<TableColumn> LimitRange =
        [new("Created At", "date", "When the object was created.", (o, _) => Cells.Field(o, "metadata", "creationTimestamp"))];

    private static string ExternalIp(JsonObject service)
    {
        if (Cells.Field(service, "spec", "type") == "ExternalName")
        {
            return Cells.Field(service, "spec", "externalName");
        }

        var addresses = Cells.Strings(service["spec"]?["externalIPs"])
            .Concat(Cells.List(service["status"]?["loadBalancer"]?["ingress"]).Select(i => Cells.Field(i, "ip") is { Length: > 0 } ip ? ip : Cells.Field(i, "hostname"))).ToList();
        return addresses.Count > 0 ? string.Join(',', addresses)
            : Cells.Field(service, "spec", "type") == "LoadBalancer" ? "<pending>"
            : Cells.None;
    }

    private static string Ports(JsonObject service) => Cells.OrNone(string.Join(',', Cells.List(service["spec"]?["ports"]).Select(p =>
        Cells.Integer(p["nodePort"]) is > 0 and var nodePort
            ? $"{Cells.Field(p, "port")}:{nodePort}/{Cells.Field(p, "protocol")}"
            : $"{Cells.Field(p, "port")}/{Cells.Field(p, "protocol")}")));

    private static string EndpointList(JsonObject endpoints) => Listed(Cells.List(endpoints["subsets"]).SelectMany(s =>
        Cells.List(s["addresses"]).SelectMany(a => Cells.List(s["ports"]) is var ports && ports.Any()
            ? ports.Select(p => $"{Cells.Field(a, "ip")}:{Cells.Field(p, "port")}")
            : [Cells.Field(a, "ip")])), Cells.None);

    private static string Listed(IEnumerable<string> items, string none)
    {
        const int Shown = 3;
        var all = items.ToList();
        return all.Count == 0 ? none
            : all.Count <= Shown ? string.Join(',', all)
            : $"{string.Join(',', all.Take(Shown))} + {all.Count - Shown} more...";
    }

    private static string Usage(JsonObject quota, bool limits) => string.Join(", ",
        (quota["status"]?["hard"] as JsonObject ?? []).Where(h => h.Key.StartsWith("limits.", StringComparison.Ordinal) == limits)
            .OrderBy(h => h.Key, StringComparer.Ordinal)
            .Select(h => $"{h.Key}: {(Cells.Field(quota["status"]?["used"], h.Key) is { Length: > 0 } used ? used : "0")}/{h.Value}"));
}
