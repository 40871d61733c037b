using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>
/// Server-side apply: what a manager sends is what it owns. Fields that it owned and no longer sends go, unless another
/// manager owns them too; a field that another manager set to another value is a conflict, unless forced.
/// </summary>
internal static class ServerSideApply
{
    public static JsonObject Merge(JsonObject? current, JsonObject applied, FieldManager manager, bool force, ISchemaNode? schema, string now)
    {
        var wanted = FieldSet.Of(applied, schema);
        var managers = ManagedFields.Read(current);
        if (current is not null && managers.Count == 0)
        {
            managers[new FieldManager("before-first-apply", "Update", manager.ApiVersion, "")] =
                FieldChanges.Between(null, current, schema, builtIn: false, ignored: "status").Set;
        }

        var before = managers.GetValueOrDefault(manager) ?? new FieldSet();
        managers.Remove(manager);
        if (current is not null)
        {
            var contested = wanted.Intersect(FieldValues.Differing(current, applied, schema));
            var conflicts = managers.Select(m => (Manager: m.Key, Fields: m.Value.Intersect(contested)))
                .Where(c => !c.Fields.IsEmpty).ToList();
            if (conflicts.Count > 0 && !force)
            {
                throw Conflict(conflicts);
            }

            foreach (var (other, fields) in conflicts)
            {
                managers[other] = managers[other].Except(fields);
            }
        }

        var dropped = before.Leaving(wanted);
        foreach (var other in managers.Values)
        {
            dropped = dropped.Leaving(other);
        }

        var merged = current is null ? (JsonObject)applied.DeepClone() : (JsonObject)FieldValues.Merge(current, applied, schema, root: true)!;
        FieldValues.Remove(merged, dropped, schema);
        managers[manager] = wanted;
        // Who only comes to own what is there already has not written at any time.
        ManagedFields.Write(merged, managers, current, manager, current is not null && IsSame(current, merged) ? null : now);
        return merged;
    }

    private static bool IsSame(JsonObject current, JsonObject merged)
    {
        var (before, after) = ((JsonObject)current.DeepClone(), (JsonObject)merged.DeepClone());
        ((JsonObject)before["metadata"]!).Remove("managedFields");
        ((JsonObject)after["metadata"]!).Remove("managedFields");
        return JsonNode.DeepEquals(before, after);
    }

    private static StatusException Conflict(List<(FieldManager Manager, FieldSet Fields)> conflicts)
    {
        var causes = conflicts.SelectMany(c => c.Fields.Paths().Select(path => (With: Describe(c.Manager), Path: path))).ToList();
        var listed = conflicts.Count == 1 && causes.Count == 1
            ? $"{causes[0].With}: {causes[0].Path}"
            : string.Join('\n', conflicts.Select(c => Describe(c.Manager) + ":\n" + string.Join('\n', c.Fields.Paths().Select(p => "- " + p))));
        return new StatusException(
            409,
            "Conflict",
            $"Apply failed with {causes.Count} conflict{(causes.Count == 1 ? "" : "s")}: {listed}",
            new JsonObject
            {
                ["causes"] = new JsonArray([.. causes.Select(JsonNode (c) => new JsonObject
                {
                    ["reason"] = "FieldManagerConflict",
                    ["message"] = c.With,
                    ["field"] = c.Path,
                })]),
            });
    }

    private static string Describe(FieldManager manager)
    {
        var text = $"conflict with \"{manager.Name}\"";
        if (manager.Subresource.Length > 0)
        {
            text += $" with subresource \"{manager.Subresource}\"";
        }

        return manager.Operation == "Apply" ? text : text + " using " + manager.ApiVersion;
    }
}
