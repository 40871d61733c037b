using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Columns;

/// <summary>The columns of nodes.</summary>
internal static class NodeColumns
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static readonly IReadOnlyList<TableColumn> All =
    [
        Cells.Text("Status", "The status of the node", Status),
        Cells.Text("Roles", "The roles of the node", Roles),
        TableColumn.Age,
        Cells.Text("Version", "Kubelet Version reported by the node.", n => Cells.Field(n, "status", "nodeInfo", "kubeletVersion")),
        Cells.Text("Internal-IP", "The node's address inside the cluster.", n => Address(n, "InternalIP"), 1),
        Cells.Text("External-IP", "The node's address outside the cluster.", n => Address(n, "ExternalIP"), 1),
        Cells.Text("OS-Image", "The node's operating system.", n => Known(n, "osImage"), 1),
        Cells.Text("Kernel-Version", "The node's kernel.", n => Known(n, "kernelVersion"), 1),
        Cells.Text("Container-Runtime", "What runs the node's containers.", n => Known(n, "containerRuntimeVersion"), 1),
    ];

    private static string Status(JsonObject node)
    {
        var ready = Cells.List(node["status"]?["conditions"]).FirstOrDefault(c => Cells.Field(c, "type") == "Ready");
        var status = ready is null ? "Unknown" : Cells.Field(ready, "status") == "True" ? "Ready" : "NotReady";
        return Cells.Flag(node["spec"]?["unschedulable"]) ? status + ",SchedulingDisabled" : status;
    }

    private static string Roles(JsonObject node)
    {
        var labels = node["metadata"]?["labels"] as JsonObject ?? [];
        var roles = labels.Where(l => l.Key.StartsWith(RolePrefix, StringComparison.Ordinal) && l.Key.Length > RolePrefix.Length)
            .Select(l => l.Key[RolePrefix.Length..])
            .Concat(labels.Where(l => l.Key == "kubernetes.io/role").Select(l => l.Value!.ToString()))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return roles.Count == 0 ? Cells.None : string.Join(',', roles);
    }

    private static string Address(JsonObject node, string type) => Cells.OrNone(
        Cells.List(node["status"]?["addresses"]).Where(a => Cells.Field(a, "type") == type).Select(a => Cells.Field(a, "address")).FirstOrDefault() ?? "");

    private static string Known(JsonObject node, string field) => Cells.Field(node, "status", "nodeInfo", field) is { Length: > 0 } text ? text : "<unknown>";
}
