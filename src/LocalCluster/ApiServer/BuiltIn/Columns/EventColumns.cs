using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Columns;

/// <summary>The columns of events; the name comes last and only with -o wide.</summary>
internal static class EventColumns
{
    public static readonly IReadOnlyList<TableColumn> All =
    [
        Cells.Timed("Last Seen", "When it happened last.", (e, t) => Ago(Last(e), t)),
        Cells.Text("Type", "Normal or Warning.", e => Cells.Field(e, "type")),
        Cells.Text("Reason", "Why, in one word.", e => Cells.Field(e, "reason")),
        Cells.Text("Object", "What it is about.", Object),
        Cells.Text("Subobject", "Which part of it.", e => Cells.Field(Regarding(e), "fieldPath"), 1),
        Cells.Text("Source", "Who says so.", Source, 1),
        Cells.Text("Message", "What happened.", e => (Cells.Field(e, "message") is { Length: > 0 } m ? m : Cells.Field(e, "note")).Trim()),
        Cells.Timed("First Seen", "When it happened first.", (e, t) => Ago(First(e), t), 1),
        new("Count", "string", "How often it happened.", (e, _) => Count(e)) { Priority = 1 },
        new("Name", "string", "Name of the event.", (e, _) => Cells.Field(e, "metadata", "name")) { Priority = 1, Format = "name" },
    ];

    private static JsonNode? Regarding(JsonObject e) => e["involvedObject"] ?? e["regarding"];

    private static string Object(JsonObject e)
    {
        var regarding = Regarding(e);
        var kind = Cells.Field(regarding, "kind").ToLowerInvariant();
        var name = Cells.Field(regarding, "name");
        return name.Length == 0 ? kind : kind + "/" + name;
    }

    private static string Source(JsonObject e)
    {
        var source = e["source"] ?? e["deprecatedSource"];
        var component = Cells.Field(source, "component") is { Length: > 0 } c ? c
            : Cells.Field(e, "reportingComponent") is { Length: > 0 } r ? r
            : Cells.Field(e, "reportingController");
        var host = Cells.Field(source, "host") is { Length: > 0 } h ? h : Cells.Field(e, "reportingInstance");
        return host.Length == 0 ? component : $"{component}, {host}";
    }

    private static string Last(JsonObject e) => FirstOf(
        Cells.Field(e["series"], "lastObservedTime"),
        Cells.Field(e, "lastTimestamp"),
        Cells.Field(e, "deprecatedLastTimestamp"),
        First(e));

    private static string First(JsonObject e) => FirstOf(
        Cells.Field(e, "firstTimestamp"),
        Cells.Field(e, "deprecatedFirstTimestamp"),
        Cells.Field(e, "eventTime"),
        "");

    private static long Count(JsonObject e)
    {
        var count = Cells.Integer(e["series"]?["count"]);
        count = count > 0 ? count : Cells.Integer(e["count"] ?? e["deprecatedCount"]);
        return Math.Max(1, count);
    }

    private static string FirstOf(params ReadOnlySpan<string> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (candidate.Length > 0)
            {
                return candidate;
            }
        }

        return "";
    }

    private static string Ago(string timestamp, TimeProvider time) => HumanDuration.Since(timestamp, time);
}
