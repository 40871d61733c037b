using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Columns;

/// <summary>The columns of the apps group.</summary>
internal static class WorkloadColumns
{
    private static readonly TableColumn Containers = Cells.Text("Containers", "Names of each container in the template.", o => OfContainers(o, "name"), 1);
    private static readonly TableColumn Images = Cells.Text("Images", "Images referenced by each container in the template.", o => OfContainers(o, "image"), 1);
    private static readonly TableColumn Selector = Cells.Text("Selector", "Which pods are its own.", Selection, 1);

    public static readonly IReadOnlyList<TableColumn> Deployment =
    [
        Cells.Text("Ready", "Number of the pod with ready state", o => $"{Status(o, "readyReplicas")}/{Cells.Integer(o["spec"]?["replicas"])}"),
        new("Up-to-date", "string", "How many pods are of the present template.", (o, _) => Status(o, "updatedReplicas")),
        new("Available", "string", "How many pods are available.", (o, _) => Status(o, "availableReplicas")),
        TableColumn.Age,
        Containers,
        Images,
        Selector,
    ];

    public static readonly IReadOnlyList<TableColumn> ReplicaSet =
    [
        Cells.Number("Desired", "How many pods there should be.", o => Cells.Integer(o["spec"]?["replicas"])),
        Cells.Number("Current", "How many pods there are.", o => Status(o, "replicas")),
        Cells.Number("Ready", "How many of them are ready.", o => Status(o, "readyReplicas")),
        TableColumn.Age,
        Containers,
        Images,
        Selector,
    ];

    public static readonly IReadOnlyList<TableColumn> DaemonSet =
    [
        Cells.Number("Desired", "How many nodes should have a pod.", o => Status(o, "desiredNumberScheduled")),
        Cells.Number("Current", "How many of these nodes have one.", o => Status(o, "currentNumberScheduled")),
        Cells.Number("Ready", "How many of them have a ready one.", o => Status(o, "numberReady")),
        Cells.Number("Up-to-date", "The total number of nodes that are running updated daemon pod", o => Status(o, "updatedNumberScheduled")),
        Cells.Number("Available", "How many of them have an available one.", o => Status(o, "numberAvailable")),
        Cells.Text("Node Selector", "Labels that a node must have.", o => Cells.Labels(o["spec"]?["template"]?["spec"]?["nodeSelector"])),
        TableColumn.Age,
        Containers,
        Images,
        Selector,
    ];

    public static readonly IReadOnlyList<TableColumn> ControllerRevision =
    [
        Cells.Text("Controller", "Controller of the object", Controller),
        new("Revision", "string", "Number of the state.", (o, _) => Cells.Integer(o["revision"])),
        TableColumn.Age,
    ];

    private static long Status(JsonObject workload, string name) => Cells.Integer(workload["status"]?[name]);

    private static string OfContainers(JsonObject workload, string name) =>
        string.Join(',', Cells.List(workload["spec"]?["template"]?["spec"]?["containers"]).Select(c => Cells.Field(c, name)));

    private static string Selection(JsonObject workload)
    {
        try
        {
            return workload["spec"]?["selector"] is { } selector ? Cells.OrNone(LabelSelector.FromJson(selector).ToString()) : Cells.None;
        }
        catch (SelectorException)
        {
            return "<error>";
        }
    }

    private static string Controller(JsonObject revision)
    {
        if (Cells.List(revision["metadata"]?["ownerReferences"]).FirstOrDefault(o => Cells.Flag(o["controller"])) is not { } owner)
        {
            return Cells.None;
        }

        var apiVersion = Cells.Field(owner, "apiVersion");
        var group = apiVersion.Contains('/', StringComparison.Ordinal) ? "." + apiVersion[..apiVersion.IndexOf('/', StringComparison.Ordinal)] : "";
        return $"{Cells.Field(owner, "kind").ToLowerInvariant()}{group}/{Cells.Field(owner, "name")}";
    }
}
