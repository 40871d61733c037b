using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>
/// Who set what, for writes other than apply: what a manager changes becomes its own and nobody else's. A client may send
/// managedFields of its own making (kubectl does, to pass on what it owns); a list of one empty entry forgets all, an empty list
/// nothing: that is what clients send who know nothing of it.
/// </summary>
internal static class UpdateTracking
{
    /// <summary>More managers than these are put together, the oldest first.</summary>
    private const int MostManagers = 10;

    private const string Ancient = "ancient-changes";

    public static void Track(JsonObject? old, JsonObject candidate, ResourceTarget target, string managerName, string now)
    {
        var metadata = Decoding.Metadata(candidate);
        if (IsReset(metadata["managedFields"]))
        {
            metadata.Remove("managedFields");
            return;
        }

        if (metadata["managedFields"] is null && old?["metadata"]?["managedFields"] is { } known)
        {
            metadata["managedFields"] = known.DeepClone();
        }

        if (old is not null && metadata["managedFields"] is null)
        {
            // Whose fields were never told apart stays so until somebody applies.
            return;
        }

        var resource = target.Resource;
        // A status that the kind keeps apart is not made with the object.
        var ignored = target.Subresource is null && target.Version.HasStatus ? "status" : null;
        var changes = FieldChanges.Between(old, candidate, target.Version.Schema?.Root, !resource.Custom, ignored);
        if (changes.IsEmpty)
        {
            return;
        }

        var managers = ManagedFields.Read(candidate);
        var manager = new FieldManager(managerName, "Update", resource.ApiVersion(target.Version.Name), target.Subresource ?? "");
        foreach (var other in managers.Keys.Where(m => m != manager).ToList())
        {
            managers[other] = managers[other].Except(changes.Set).Except(changes.Removed);
        }

        managers[manager] = (managers.GetValueOrDefault(manager) ?? new FieldSet()).Union(changes.Set).Except(changes.Removed);
        // What is set by way of the scale is noted without a time, as on a real server.
        var time = changes.Set.IsEmpty || target.Subresource == "scale" ? null : now;
        ManagedFields.Write(candidate, managers, candidate, manager, time);
        if (metadata["managedFields"] is JsonArray entries)
        {
            Limit(entries, manager.ApiVersion);
        }
    }

    private static bool IsReset(JsonNode? sent) =>
        sent is JsonArray { Count: 1 } list && list[0] is JsonObject { Count: 0 };

    private static void Limit(JsonArray entries, string apiVersion)
    {
        var updates = entries.OfType<JsonObject>().Where(static e => ResourceOperations.Text(e, "operation") == "Update").ToList();
        if (updates.Count <= MostManagers)
        {
            return;
        }

        var oldest = updates.OrderBy(static e => ResourceOperations.Text(e, "time"), StringComparer.Ordinal).Take(updates.Count - MostManagers + 1).ToList();
        var together = new FieldSet();
        foreach (var entry in oldest)
        {
            together = together.Union(FieldSet.FromJson((JsonObject)entry["fieldsV1"]!));
            entries.Remove(entry);
        }

        var merged = oldest[^1];
        merged["manager"] = Ancient;
        merged["apiVersion"] = apiVersion;
        merged.Remove("subresource");
        merged["fieldsV1"] = together.ToJson();
        entries.Add((JsonNode)merged);
    }
}
