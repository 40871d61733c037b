using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>What an update set and what it took away, place by place. A map or a keyed list that is new counts as a place itself.</summary>
internal sealed class FieldChanges
{
    /// <summary>Parts that a built-in kind has even when nothing is in them: only what is in them can be new. An empty text is like none, as are 0 and false.</summary>
    private static readonly HashSet<string> AlwaysThere = new(StringComparer.Ordinal)
    {
        "spec", "status", "source", "spec.containers", "spec.names", "status.acceptedNames", "CustomResourceDefinition.status.conditions",
    };

    private readonly string? _builtInKind;

    private FieldChanges(string? builtInKind) => _builtInKind = builtInKind;

    public FieldSet Set { get; } = new();

    public FieldSet Removed { get; } = new();

    public bool IsEmpty => Set.IsEmpty && Removed.IsEmpty;

    /// <summary>Compares two states of an object; null is its absence.</summary>
    /// <param name="old">The object before.</param>
    /// <param name="now">The object after.</param>
    /// <param name="schema">The schema of its version; without one, lists are taken whole.</param>
    /// <param name="builtInKind">The kind, for built-in ones; null for custom resources.</param>
    /// <param name="ignored">A part that this way of writing cannot set.</param>
    public static FieldChanges Between(JsonObject? old, JsonObject now, ISchemaNode? schema, string? builtInKind, string? ignored)
    {
        var changes = new FieldChanges(builtInKind);
        foreach (var name in Names(old, now).Where(n => n is not ("apiVersion" or "kind" or "metadata") && n != ignored))
        {
            changes.Field(name, name, old, now, schema?.Property(name), changes.Set, changes.Removed);
        }

        var (before, after) = (old?["metadata"] as JsonObject, now["metadata"] as JsonObject);
        foreach (var name in MetadataSchema.Owned)
        {
            changes.Field(name, "metadata." + name, before, after, MetadataSchema.Field(name), changes.Set.Ensure("f:metadata"), changes.Removed.Ensure("f:metadata"));
        }

        return changes;
    }

    private static IEnumerable<string> Names(JsonObject? old, JsonObject? now) =>
        (old ?? []).Select(static p => p.Key).Union((now ?? []).Select(static p => p.Key), StringComparer.Ordinal);

    private void Field(string name, string path, JsonObject? old, JsonObject? now, ISchemaNode? schema, FieldSet set, FieldSet removed)
    {
        var before = old?[name];
        var after = now?[name];
        if (before is null && _builtInKind is not null)
        {
            before = after switch
            {
                JsonObject when IsAlwaysThere(path) => new JsonObject(),
                JsonArray when IsAlwaysThere(path) => new JsonArray(),
                JsonValue text when text.TryGetValue<string>(out var value) && value.Length == 0 => after,
                JsonValue number when JsonKinds.Number(number) == 0 => after,
                JsonValue flag when flag.TryGetValue<bool>(out var on) && !on => after,
                _ => null,
            };
        }

        if (before is null && after is null && now?.ContainsKey(name) == true && old?.ContainsKey(name) != true && _builtInKind is null)
        {
            // A field that is set to nothing.
            set.Ensure("f:" + name).Marked = true;
            return;
        }

        Compare(path, before, after, schema, set.Ensure("f:" + name), removed.Ensure("f:" + name));
    }

    private bool IsAlwaysThere(string path) => AlwaysThere.Contains(path) || AlwaysThere.Contains($"{_builtInKind}.{path}");

    private void Compare(string path, JsonNode? before, JsonNode? after, ISchemaNode? schema, FieldSet set, FieldSet removed)
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
                    Field(name, path + "." + name, a, b, schema?.Property(name), set, removed);
                }

                break;
            case (JsonArray a, JsonArray b) when schema?.ListType is "map" or "set":
                Items(path, a, b, schema, set, removed);
                break;
            default:
                set.Marked = !JsonNode.DeepEquals(before, after);
                break;
        }
    }

    private void Items(string path, JsonArray before, JsonArray after, ISchemaNode schema, FieldSet set, FieldSet removed)
    {
        var old = ByElement(before, schema);
        var now = ByElement(after, schema);
        foreach (var (element, item) in now)
        {
            Compare(path, old.GetValueOrDefault(element), item, schema.Items, set.Ensure(element), removed.Ensure(element));
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
