using System.Text.Json.Nodes;

namespace Godwit.Integration.ApiServer;

/// <summary>Objects that the tests make.</summary>
internal static class Samples
{
    public static string ConfigMap(string name, string value = "1", string metadata = "") =>
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" + name + "\"" + metadata + "},\"data\":{\"a\":\"" + value + "\"}}";

    public static string Event(string ns, string name, string type, string reason, string uid) =>
        $$$"""
        {"apiVersion":"v1","kind":"Event","metadata":{"name":"{{{name}}}"},"involvedObject":{"apiVersion":"v1","kind":"ConfigMap","name":"ev","namespace":"{{{ns}}}","uid":"{{{uid}}}"},
         "reason":"{{{reason}}}","message":"something happened","type":"{{{type}}}","source":{"component":"rig"},"firstTimestamp":"2026-01-01T00:00:00Z","lastTimestamp":"2026-01-01T00:01:00Z","count":2}
        """;

    public static string Pod(string name, params string[] containers) =>
        new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["app"] = name } },
            ["spec"] = new JsonObject
            {
                ["nodeName"] = "node01",
                ["containers"] = new JsonArray([.. containers.Select(JsonNode (c) => new JsonObject { ["name"] = c, ["image"] = "img:1" })]),
            },
        }.ToJsonString();

    public static long Revision(JsonNode obj) => long.Parse(obj["metadata"]!["resourceVersion"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
}
