using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>The conditions in a definition's status.</summary>
internal static class CrdConditions
{
    public static bool IsTrue(JsonObject definition, string type) =>
        (definition.At("status", "conditions") as JsonArray)?.Any(c => c.Text("type") == type && c.Text("status") == "True") == true;

    /// <summary>Sets a condition; its time moves only when its status does. True when anything changed.</summary>
    public static bool Set(JsonObject status, string type, string value, string reason, string message, DateTimeOffset now)
    {
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        var found = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        if (found is null)
        {
            conditions.Add((JsonNode)(found = new JsonObject { ["type"] = type }));
        }
        else if (found.Text("status") == value && found.Text("reason") == reason && found.Text("message") == message)
        {
            return false;
        }

        if (found.Text("status") != value)
        {
            found["status"] = value;
            found["lastTransitionTime"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }

        found["reason"] = reason;
        found["message"] = message;
        return true;
    }
}
