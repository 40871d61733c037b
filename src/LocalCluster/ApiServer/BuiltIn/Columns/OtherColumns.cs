using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Columns;

/// <summary>The columns of storage, policy, access control and extension kinds.</summary>
internal static class OtherColumns
{
    private const string DefaultClass = "storageclass.kubernetes.io/is-default-class";

    private static readonly TableColumn CreatedAt =
        new("Created At", "date", "When the object was created.", (o, _) => Cells.Field(o, "metadata", "creationTimestamp"));

    public static readonly IReadOnlyList<TableColumn> Created = [CreatedAt];

    public static readonly IReadOnlyList<TableColumn> PersistentVolumeClaim =
    [
        Cells.Text("Status", "Whether it is bound to a volume.", o => o["metadata"]?["deletionTimestamp"] is null ? Cells.Field(o, "status", "phase") : "Terminating"),
        Cells.Text("Volume", "The volume.", o => Cells.Field(o, "spec", "volumeName")),
        Cells.Text("Capacity", "Size of the volume.", o => Cells.Field(o, "spec", "volumeName").Length == 0 ? "" : Cells.Field(o, "status", "capacity", "storage")),
        Cells.Text("Access Modes", "How it may be mounted.", o => Cells.Field(o, "spec", "volumeName").Length == 0 ? "" : Cells.AccessModes(o["status"]?["accessModes"])),
        Cells.Text("StorageClass", "Its storage class.", o => Cells.Field(o, "spec", "storageClassName")),
        Cells.Text("VolumeAttributesClass", "Its attributes class.", o => Cells.Field(o, "spec", "volumeAttributesClassName") is { Length: > 0 } c ? c : "<unset>"),
        TableColumn.Age,
        Cells.Text("VolumeMode", "File system or block device.", o => Cells.Field(o, "spec", "volumeMode"), 1),
    ];

    public static readonly IReadOnlyList<TableColumn> PersistentVolume =
    [
        Cells.Text("Capacity", "Size of the volume.", o => Cells.Field(o, "spec", "capacity", "storage")),
        Cells.Text("Access Modes", "How it may be mounted.", o => Cells.AccessModes(o["spec"]?["accessModes"])),
        Cells.Text("Reclaim Policy", "What becomes of it after its claim.", o => Cells.Field(o, "spec", "persistentVolumeReclaimPolicy")),
        Cells.Text("Status", "Whether it is bound to a claim.", o => o["metadata"]?["deletionTimestamp"] is null ? Cells.Field(o, "status", "phase") : "Terminating"),
        Cells.Text("Claim", "Its claim.", o => o["spec"]?["claimRef"] is { } c ? $"{Cells.Field(c, "namespace")}/{Cells.Field(c, "name")}" : ""),
        Cells.Text("StorageClass", "Its storage class.", o => Cells.Field(o, "spec", "storageClassName")),
        Cells.Text("VolumeAttributesClass", "Its attributes class.", o => Cells.Field(o, "spec", "volumeAttributesClassName") is { Length: > 0 } c ? c : "<unset>"),
        Cells.Text("Reason", "Why it is in this status.", o => Cells.Field(o, "status", "reason")),
        TableColumn.Age,
        Cells.Text("VolumeMode", "File system or block device.", o => Cells.Field(o, "spec", "volumeMode"), 1),
    ];

    public static readonly IReadOnlyList<TableColumn> StorageClass =
    [
        new("Name", "string", "Name of the class; the default one says so.", (o, _) =>
            Cells.Field(o, "metadata", "name") + (Cells.Field(o["metadata"]?["annotations"], DefaultClass) == "true" ? " (default)" : "")) { Format = "name" },
        Cells.Text("Provisioner", "Who makes its volumes.", o => Cells.Field(o, "provisioner")),
        Cells.Text("ReclaimPolicy", "What becomes of a volume after its claim.", o => Cells.Field(o, "reclaimPolicy") is { Length: > 0 } p ? p : "Delete"),
        Cells.Text("VolumeBindingMode", "When a volume is made.", o => Cells.Field(o, "volumeBindingMode") is { Length: > 0 } m ? m : "Immediate"),
        new("AllowVolumeExpansion", "string", "Whether volumes may grow.", (o, _) => Cells.Flag(o["allowVolumeExpansion"])),
        TableColumn.Age,
    ];

    public static readonly IReadOnlyList<TableColumn> PodDisruptionBudget =
    [
        Cells.Text("Min Available", "How many pods must stay.", o => Cells.Field(o, "spec", "minAvailable") is { Length: > 0 } n ? n : "N/A"),
        Cells.Text("Max Unavailable", "How many pods may go.", o => Cells.Field(o, "spec", "maxUnavailable") is { Length: > 0 } n ? n : "N/A"),
        Cells.Number("Allowed Disruptions", "How many pods may go now.", o => Cells.Integer(o["status"]?["disruptionsAllowed"])),
        TableColumn.Age,
    ];

    public static readonly IReadOnlyList<TableColumn> PriorityClass =
    [
        new("Value", "integer", "The priority.", (o, _) => Cells.Integer(o["value"])),
        new("Global-Default", "boolean", "Whether pods without a class get this one.", (o, _) => Cells.Flag(o["globalDefault"])),
        TableColumn.Age,
        Cells.Text("PreemptionPolicy", "Whether pods of this class push others away.", o => Cells.Field(o, "preemptionPolicy") is { Length: > 0 } p ? p : "PreemptLowerPriority"),
    ];

    public static readonly IReadOnlyList<TableColumn> RoleBinding =
    [
        Cells.Text("Role", "The role that is given.", o => $"{Cells.Field(o, "roleRef", "kind")}/{Cells.Field(o, "roleRef", "name")}"),
        TableColumn.Age,
        Cells.Text("Users", "Users that get it.", o => Subjects(o, "User"), 1),
        Cells.Text("Groups", "Groups that get it.", o => Subjects(o, "Group"), 1),
        Cells.Text("ServiceAccounts", "Service accounts that get it.", o => Subjects(o, "ServiceAccount"), 1),
    ];

    public static readonly IReadOnlyList<TableColumn> Webhooks =
        [Cells.Number("Webhooks", "How many webhooks there are.", o => Cells.CountOf(o["webhooks"])), TableColumn.Age];

    public static readonly IReadOnlyList<TableColumn> Policy =
    [
        Cells.Number("Validations", "How many demands there are.", o => Cells.CountOf(o["spec"]?["validations"])),
        Cells.Text("ParamKind", "The kind of its parameters.", o => o["spec"]?["paramKind"] is { } k ? $"{Cells.Field(k, "apiVersion")}/{Cells.Field(k, "kind")}" : "<unset>"),
        TableColumn.Age,
    ];

    public static readonly IReadOnlyList<TableColumn> PolicyBinding =
    [
        Cells.Text("PolicyName", "The policy that it puts in force.", o => Cells.Field(o, "spec", "policyName")),
        Cells.Text("ParamRef", "The objects that are handed to the policy.", o => ParamRef(o["spec"]?["paramRef"])),
        TableColumn.Age,
    ];

    public static readonly IReadOnlyList<TableColumn> ApiService =
    [
        Cells.Text("Service", "Who answers for the group.", o => o["spec"]?["service"] is { } s ? $"{Cells.Field(s, "namespace")}/{Cells.Field(s, "name")}" : "Local"),
        Cells.Text("Available", "Whether it can be reached.", Available),
        TableColumn.Age,
    ];

    private static string ParamRef(JsonNode? reference) => reference switch
    {
        null => "<unset>",
        _ when Cells.Field(reference, "name") is { Length: > 0 } name => $"{(Cells.Field(reference, "namespace") is { Length: > 0 } ns ? ns : "*")}/{name}",
        _ => JsonKinds.Show(reference["selector"]),
    };

    private static string Subjects(JsonObject binding, string kind) => string.Join(", ", Cells.List(binding["subjects"])
        .Where(s => Cells.Field(s, "kind") == kind)
        .Select(s => kind == "ServiceAccount" ? $"{Cells.Field(s, "namespace")}/{Cells.Field(s, "name")}" : Cells.Field(s, "name")));

    private static string Available(JsonObject service)
    {
        var condition = Cells.List(service["status"]?["conditions"]).FirstOrDefault(c => Cells.Field(c, "type") == "Available");
        return condition is null ? "Unknown"
            : Cells.Field(condition, "status") == "True" ? "True"
            : $"{Cells.Field(condition, "status")} ({Cells.Field(condition, "reason")})";
    }
}
