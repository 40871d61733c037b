using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>Comparing, merging and removing values by their place, with lists treated as the schema says.</summary>
internal static class FieldValues
{
    /// <summary>The places at which the second document says something other than the first.</summary>
    public static FieldSet Differing(JsonObject current, JsonObject applied, ISchemaNode? schema)
    {
        var set = new FieldSet();
        foreach (var (name, value) in applied)
        {
            if (name is "apiVersion" or "kind")
            {
                continue;
            }

            Compare(set.Ensure("f:" + name), current[name], value, name == "metadata" ? null : schema?.Property(name), name == "metadata");
        }

        return set;
    }

    /// <summary>The first document with the second laid over it.</summary>
    public static JsonNode? Merge(JsonNode? current, JsonNode? applied, ISchemaNode? schema, bool root = false, bool metadata = false)
    {
        switch (current, applied)
        {
            case (JsonObject a, JsonObject b) when schema?.AtomicMap != true:
                var merged = (JsonObject)a.DeepClone();
                foreach (var (name, value) in b)
                {
                    var isMetadata = root && name == "metadata";
                    var below = metadata ? MetadataSchema.Field(name) : isMetadata ? null : schema?.Property(name);
                    merged[name] = Merge(a[name], value, below, metadata: isMetadata);
                }

                return merged;
            case (JsonArray a, JsonArray b) when schema?.ListType is "map" or "set":
                return MergeList(a, b, schema);
            default:
                return applied?.DeepClone();
        }
    }

    /// <summary>Takes the places out of a document; a list item goes when its own place is in the set.</summary>
    public static void Remove(JsonNode? at, FieldSet gone, ISchemaNode? schema, bool root = true, bool metadata = false)
    {
        foreach (var (element, below) in gone.Children)
        {
            if (at is JsonObject obj && element.StartsWith("f:", StringComparison.Ordinal))
            {
                var name = element[2..];
                var isMetadata = root && name == "metadata";
                var child = metadata ? MetadataSchema.Field(name) : isMetadata ? null : schema?.Property(name);
                var before = obj[name];
                Remove(before, below, child, root: false, metadata: isMetadata);
                if (below.Marked && (before is not (JsonObject or JsonArray) || !below.Children.Any() || Count(before) == 0))
                {
                    obj.Remove(name);
                }
            }
            else if (at is JsonArray array && schema is not null)
            {
                var item = array.FirstOrDefault(i => FieldSet.ElementOf(i, schema) == element);
                if (below.Marked && item is not null)
                {
                    array.Remove(item);
                }
                else
                {
                    Remove(item, below, schema.Items, root: false);
                }
            }
        }
    }

    private static void Compare(FieldSet at, JsonNode? current, JsonNode? applied, ISchemaNode? schema, bool metadata)
    {
        switch (current, applied)
        {
            case (JsonObject a, JsonObject b) when schema?.AtomicMap != true && b.Count > 0:
                foreach (var (name, value) in b)
                {
                    Compare(at.Ensure("f:" + name), a[name], value, metadata ? MetadataSchema.Field(name) : schema?.Property(name), false);
                }

                break;
            case (JsonArray a, JsonArray b) when schema?.ListType is "map" or "set":
                foreach (var item in b)
                {
                    if (FieldSet.ElementOf(item, schema) is { } element)
                    {
                        var same = a.FirstOrDefault(i => FieldSet.ElementOf(i, schema) == element);
                        Compare(at.Ensure(element), same, item, schema.Items, false);
                    }
                }

                break;
            default:
                at.Marked = !JsonNode.DeepEquals(current, applied);
                break;
        }
    }

    private static JsonArray MergeList(JsonArray current, JsonArray applied, ISchemaNode schema)
    {
        // The applied order holds among the applied items; the others keep their places behind their neighbours.
        var merged = new JsonArray();
        var wanted = applied.Select(i => (Element: FieldSet.ElementOf(i, schema), Item: i)).ToList();
        foreach (var item in current)
        {
            var element = FieldSet.ElementOf(item, schema);
            var at = wanted.FindIndex(w => w.Element is not null && w.Element == element);
            if (at < 0)
            {
                merged.Add(item?.DeepClone());
                continue;
            }

            merged.Add(Merge(item, wanted[at].Item, schema.Items));
            wanted.RemoveAt(at);
        }

        foreach (var (_, item) in wanted)
        {
            merged.Add(item?.DeepClone());
        }

        return merged;
    }

    private static int Count(JsonNode? node) => node switch
    {
        JsonObject o => o.Count,
        JsonArray a => a.Count,
        _ => 1,
    };
}
