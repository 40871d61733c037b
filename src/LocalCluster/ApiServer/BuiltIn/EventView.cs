using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn;

/// <summary>Events in the form of events.k8s.io, over the same stored core events.</summary>
internal sealed class EventView : IStorageView
{
    private static readonly (string Core, string New)[] Renamed =
    [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
    ];

    public JsonObject FromStorage(JsonObject stored) => Rename(stored, "events.k8s.io/v1", Renamed.ToDictionary(r => r.Core, r => r.New, StringComparer.Ordinal));

    public JsonObject ToStorage(JsonObject obj) => Rename(obj, "v1", Renamed.ToDictionary(r => r.New, r => r.Core, StringComparer.Ordinal));

    private static JsonObject Rename(JsonObject obj, string apiVersion, Dictionary<string, string> names)
    {
        var result = new JsonObject();
        foreach (var (name, value) in obj)
        {
            result[names.GetValueOrDefault(name, name)] = value?.DeepClone();
        }

        foreach (var name in (string[])["reportingController", "reportingInstance"])
        {
            // The newer form leaves out what is empty.
            if (apiVersion != "v1" && result[name] is JsonValue text && text.TryGetValue<string>(out var value) && value.Length == 0)
            {
                result.Remove(name);
            }
        }

        result["apiVersion"] = apiVersion;
        return result;
    }
}
