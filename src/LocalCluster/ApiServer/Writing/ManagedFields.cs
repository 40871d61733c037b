using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>metadata.managedFields, read and written.</summary>
internal static class ManagedFields
{
    public static Dictionary<FieldManager, FieldSet> Read(JsonObject? obj)
    {
        var managers = new Dictionary<FieldManager, FieldSet>();
        foreach (var entry in (obj?["metadata"]?["managedFields"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            if (entry["fieldsV1"] is JsonObject fields)
            {
                managers[ManagerOf(entry)] = FieldSet.FromJson(fields);
            }
        }

        return managers;
    }

    /// <summary>Writes the entries. That of the manager who wrote gets the time, when there is one to give; the others keep theirs, or none.</summary>
    public static void Write(JsonObject obj, Dictionary<FieldManager, FieldSet> managers, JsonObject? before, FieldManager writer, string? now)
    {
        var times = new Dictionary<FieldManager, string>();
        foreach (var entry in (before?["metadata"]?["managedFields"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            times[ManagerOf(entry)] = ResourceOperations.Text(entry, "time");
        }

        var entries = new List<JsonObject>();
        foreach (var (manager, fields) in managers.Where(m => !m.Value.IsEmpty || m.Key.Operation == "Apply" && m.Key == writer))
        {
            var time = (manager == writer ? now : null) ?? times.GetValueOrDefault(manager, "");
            var entry = new JsonObject
            {
                ["manager"] = manager.Name,
                ["operation"] = manager.Operation,
                ["apiVersion"] = manager.ApiVersion,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = fields.ToJson(),
            };
            if (time.Length > 0)
            {
                entry["time"] = time;
            }

            if (manager.Subresource.Length > 0)
            {
                entry["subresource"] = manager.Subresource;
            }

            entries.Add(entry);
        }

        var metadata = (JsonObject)obj["metadata"]!;
        if (entries.Count == 0)
        {
            metadata.Remove("managedFields");
            return;
        }

        metadata["managedFields"] = new JsonArray([.. entries
            .OrderBy(static e => ResourceOperations.Text(e, "operation"), StringComparer.Ordinal)
            .ThenBy(static e => ResourceOperations.Text(e, "time"), StringComparer.Ordinal)
            .ThenBy(static e => ResourceOperations.Text(e, "manager"), StringComparer.Ordinal)
            .ThenBy(static e => ResourceOperations.Text(e, "apiVersion"), StringComparer.Ordinal)
            .ThenBy(static e => ResourceOperations.Text(e, "subresource"), StringComparer.Ordinal)]);
    }

    private static FieldManager ManagerOf(JsonObject entry) => new(
        ResourceOperations.Text(entry, "manager"),
        ResourceOperations.Text(entry, "operation"),
        ResourceOperations.Text(entry, "apiVersion"),
        ResourceOperations.Text(entry, "subresource"));
}
