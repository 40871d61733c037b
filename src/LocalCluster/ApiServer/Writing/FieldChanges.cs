using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>What an update set and what it took away, place by place. A map or a keyed list that is new counts as a place itself.</summary>
internal sealed class FieldChanges
{
    private readonly bool _builtIn;

    private FieldChanges(bool builtIn) => _builtIn = builtIn;

    public FieldSet Set { get; } = new();

    public FieldSet Removed { get; } = new();

    public bool IsEmpty => Set.IsEmpty && Removed.IsEmpty;

    /// <summary>Compares two states of an object; null is its absence.</summary>
    /// <param name="old">The object before.</param>
    /// <param name="now">The object after.</param>
    /// <param name="schema">The schema of its version; without one, lists are taken whole.</param>
    /// <param name="builtIn">Whether its kind is built in, and so has parts that are there even when nothing is in them.</param>
    /// <param name="ignored">A part that this way of writing cannot set.</param>
    public static FieldChanges Between(JsonObject? old, JsonObject now, ISchemaNode? schema, bool builtIn, string? ignored)
    {
        var changes = new FieldChanges(builtIn);
        foreach (var name in Names(old, now).Where(n => n is not ("apiVersion" or "kind" or "metadata") && n != ignored))
        {
            changes.Field(name, old, now, schema?.Property(name), changes.Set, changes.Removed);
        }

        var (before, after) = (old?["metadata"] as JsonObject, now["metadata"] as JsonObject);
        foreach (var name in MetadataSchema.Owned)
        {
            changes.Field(name, before, after, MetadataSchema.Field(name), changes.Set.Ensure("f:metadata"), changes.Removed.Ensure("f:metadata"));
        }

        return changes;
    }

    private static IEnumerable<string> Names(JsonObject? old, JsonObject? now) =>
        (old ?? []).Select(static p => p.Key).Union((now ?? []).Select(static p => p.Key), StringComparer.Ordinal);

    private void Field(string name, JsonObject? old, JsonObject? now, ISchemaNode? schema, FieldSet set, FieldSet removed)
    {
        var before = old?[name];
        var after = now?[name];
        if (before is null && _builtIn)
        {
            before = after switch
            {
                JsonObject when schema?.AlwaysThere == true => new JsonObject(),
                JsonArray when schema?.AlwaysThere == true => new JsonArray(),
                JsonValue value when schema is { ZeroCounts: false } && JsonKinds.IsZero(value) => after,
                _ => null,
            };
        }

        if (before is null && after is null && now?.ContainsKey(name) == true && old?.ContainsKey(name) != true && !_builtIn)
        {
            // A field that is set to nothing.
            set.Ensure("f:" + name).Marked = true;
            return;
        }

        Compare(before, after, schema, set.Ensure("f:" + name), removed.Ensure("f:" + name));
    }

    private void Compare(JsonNode? before, JsonNode? after, ISchemaNode? schema, FieldSet set, FieldSet removed)
    {
        switch (before, after)
        {
            case (null, null):
                break;
            case (_, null):
                Whole(before, schema, removed);
                break;
            case (null, _):
                Whole(after, schema, set);
                break;
            case (JsonObject a, JsonObject b) when schema?.AtomicMap != true:
                foreach (var name in Names(a, b))
                {
                    Field(name, a, b, schema?.Property(name), set, removed);
                }

                break;
            case (JsonArray a, JsonArray b) when schema?.ListType is "map" or "set":
                Items(a, b, schema, set, removed);
                break;
            default:
                set.Marked = !JsonNode.DeepEquals(before, after);
                break;
        }
    }

    private void Items(JsonArray before, JsonArray after, ISchemaNode schema, FieldSet set, FieldSet removed)
    {
        var old = ByElement(before, schema);
        var now = ByElement(after, schema);
        foreach (var (element, item) in now)
        {
            Compare(old.GetValueOrDefault(element), item, schema.Items, set.Ensure(element), removed.Ensure(element));
        }

        foreach (var (element, item) in old.Where(o => !now.ContainsKey(o.Key)))
        {
            Whole(item, schema.Items, removed.Ensure(element));
        }
    }

    private static Dictionary<string, JsonNode?> ByElement(JsonArray list, ISchemaNode schema)
    {
        var items = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var item in list)
        {
            if (FieldSet.ElementOf(item, schema) is { } element)
            {
                items[element] = item;
            }
        }

        return items;
    }

    private static void Whole(JsonNode? value, ISchemaNode? schema, FieldSet at)
    {
        at.Marked = true;
        switch (value)
        {
            case JsonObject obj when schema?.AtomicMap != true:
                foreach (var (name, child) in obj)
                {
                    Whole(child, schema?.Property(name), at.Ensure("f:" + name));
                }

                break;
            case JsonArray array when schema?.ListType is "map" or "set":
                foreach (var (element, item) in ByElement(array, schema))
                {
                    Whole(item, schema.Items, at.Ensure(element));
                }

                break;
        }
    }
}
