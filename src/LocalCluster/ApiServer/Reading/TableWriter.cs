using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Http;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.Reading;

/// <summary>Server-side tables (what <c>kubectl get</c> prints) and metadata-only forms.</summary>
internal static class TableWriter
{
    private const string NameDescription =
        "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

    /// <summary>What a row carries besides its cells: None, Metadata or Object.</summary>
    public static string IncludeOf(ApiRequest call) => call.Query("includeObject") is { Length: > 0 } asked ? asked : "Metadata";

    public static JsonObject Table(ResourceTarget target, string apiVersion, IEnumerable<JsonObject> objects, string include, TimeProvider time, JsonObject metadata, bool definitions = true)
    {
        var columns = target.Version.Columns;
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = apiVersion,
            ["metadata"] = metadata,
            ["columnDefinitions"] = definitions ? Definitions(columns) : null,
            ["rows"] = new JsonArray([.. objects.Select(o => Row(columns, o, include, time))]),
        };
    }

    /// <summary>The object's metadata alone.</summary>
    public static JsonObject Metadata(JsonObject obj, string apiVersion) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = apiVersion,
        ["metadata"] = obj["metadata"]!.DeepClone(),
    };

    private static JsonArray Definitions(IReadOnlyList<TableColumn> columns)
    {
        var definitions = new JsonArray(Definition("Name", "string", "name", NameDescription, 0));
        foreach (var column in columns)
        {
            if (column.Format == "name")
            {
                // A kind whose name column is not the first (events) brings its own.
                definitions.RemoveAt(0);
                break;
            }
        }

        foreach (var column in columns)
        {
            definitions.Add((JsonNode)Definition(column.Name, column.Type, column.Format, column.Description, column.Priority));
        }

        return definitions;
    }

    private static JsonObject Definition(string name, string type, string format, string description, int priority) => new()
    {
        ["name"] = name,
        ["type"] = type,
        ["format"] = format,
        ["description"] = description,
        ["priority"] = priority,
    };

    private static JsonObject Row(IReadOnlyList<TableColumn> columns, JsonObject obj, string include, TimeProvider time)
    {
        var cells = new JsonArray();
        if (columns.All(c => c.Format != "name"))
        {
            cells.Add((JsonNode)ResourceOperations.Text(obj, "metadata", "name"));
        }

        foreach (var column in columns)
        {
            cells.Add(column.Cell(obj, time));
        }

        var row = new JsonObject { ["cells"] = cells };
        row["object"] = include switch
        {
            "None" => null,
            "Object" => obj.DeepClone(),
            _ => Metadata(obj, "meta.k8s.io/v1"),
        };
        return row;
    }
}
