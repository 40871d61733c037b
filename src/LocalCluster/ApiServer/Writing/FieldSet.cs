using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>
/// A set of places in an object, as a tree of path elements in the notation of managedFields: <c>f:name</c> a field,
/// <c>k:{"name":"x"}</c> an item of a keyed list, <c>v:"x"</c> a member of a set. A place is in the set when it is marked.
/// </summary>
internal sealed class FieldSet
{
    // A list: most places are leaves, for which it holds nothing, and few have many below them.
    private readonly SortedList<string, FieldSet> _children = new(StringComparer.Ordinal);

    /// <summary>This place itself is owned, not only places below it.</summary>
    public bool Marked { get; set; }

    public IEnumerable<KeyValuePair<string, FieldSet>> Children => _children;

    public bool IsEmpty => !Marked && _children.Values.All(c => c.IsEmpty);

    public FieldSet? Child(string element) => _children.GetValueOrDefault(element);

    public FieldSet Ensure(string element)
    {
        if (!_children.TryGetValue(element, out var child))
        {
            _children[element] = child = new FieldSet();
        }

        return child;
    }

    /// <summary>All places of a value; the server's own metadata is nobody's.</summary>
    public static FieldSet Of(JsonObject obj, ISchemaNode? schema)
    {
        var set = new FieldSet();
        foreach (var (name, value) in obj)
        {
            if (name is "apiVersion" or "kind")
            {
                continue;
            }

            if (name == "metadata" && value is JsonObject metadata)
            {
                foreach (var (field, content) in metadata)
                {
                    if (MetadataSchema.Owned.Contains(field))
                    {
                        Fill(set.Ensure("f:metadata").Ensure("f:" + field), content, MetadataSchema.Field(field));
                    }
                }

                continue;
            }

            Fill(set.Ensure("f:" + name), value, schema?.Property(name));
        }

        return set;
    }

    public static FieldSet FromJson(JsonObject fields)
    {
        var set = new FieldSet();
        foreach (var (element, below) in fields)
        {
            if (element == ".")
            {
                set.Marked = true;
            }
            else if (below is JsonObject { Count: > 0 } children)
            {
                set._children[element] = FromJson(children);
            }
            else
            {
                set._children[element] = new FieldSet { Marked = true };
            }
        }

        return set;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        var children = _children.Where(c => !c.Value.IsEmpty).ToList();
        if (Marked && children.Count > 0)
        {
            json["."] = new JsonObject();
        }

        foreach (var (element, child) in children)
        {
            json[element] = child.ToJson();
        }

        return json;
    }

    public FieldSet Union(FieldSet other)
    {
        var result = new FieldSet { Marked = Marked || other.Marked };
        foreach (var element in _children.Keys.Union(other._children.Keys, StringComparer.Ordinal))
        {
            result._children[element] = (Child(element) ?? new FieldSet()).Union(other.Child(element) ?? new FieldSet());
        }

        return result;
    }

    public FieldSet Except(FieldSet other)
    {
        var result = new FieldSet { Marked = Marked && !other.Marked };
        foreach (var (element, child) in _children)
        {
            var rest = other.Child(element) is { } minus ? child.Except(minus) : child;
            if (!rest.IsEmpty)
            {
                result._children[element] = rest;
            }
        }

        return result;
    }

    /// <summary>What goes when the other set stays: a place in which something stays does not go itself.</summary>
    public FieldSet Leaving(FieldSet kept)
    {
        var result = new FieldSet { Marked = Marked && kept.IsEmpty };
        foreach (var (element, child) in _children)
        {
            var rest = kept.Child(element) is { } stays ? child.Leaving(stays) : child;
            if (!rest.IsEmpty)
            {
                result._children[element] = rest;
            }
        }

        return result;
    }

    public FieldSet Intersect(FieldSet other)
    {
        var result = new FieldSet { Marked = Marked && other.Marked };
        foreach (var (element, child) in _children)
        {
            if (other.Child(element) is { } same && child.Intersect(same) is { IsEmpty: false } both)
            {
                result._children[element] = both;
            }
        }

        return result;
    }

    /// <summary>The leaves as readable paths: <c>.spec.containers[name="c"].image</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        if (Marked)
        {
            yield return prefix;
        }

        foreach (var (element, child) in _children)
        {
            foreach (var path in child.Paths(prefix + Readable(element)))
            {
                yield return path;
            }
        }
    }

    /// <summary>The path element of an item of a keyed list or a set; null when the item has no place of its own.</summary>
    public static string? ElementOf(JsonNode? item, ISchemaNode list)
    {
        if (list.ListType == "set")
        {
            return item is null ? null : "v:" + ObjectCodec.ToText(item);
        }

        if (list.ListType != "map" || item is not JsonObject obj)
        {
            return null;
        }

        var key = new JsonObject();
        foreach (var name in list.ListMapKeys.Order(StringComparer.Ordinal))
        {
            if ((obj[name] ?? list.Items?.Property(name)?.Default) is { } value)
            {
                key[name] = value.DeepClone();
            }
        }

        return key.Count == 0 ? null : "k:" + ObjectCodec.ToText(key);
    }

    private static void Fill(FieldSet at, JsonNode? value, ISchemaNode? schema)
    {
        switch (value)
        {
            case JsonObject obj when schema?.AtomicMap != true:
                at.Marked = obj.Count == 0 || at.Marked;
                foreach (var (name, child) in obj)
                {
                    Fill(at.Ensure("f:" + name), child, schema?.Property(name));
                }

                break;
            case JsonArray array when schema?.ListType is "map" or "set":
                at.Marked = array.Count == 0 || at.Marked;
                foreach (var item in array)
                {
                    if (ElementOf(item, schema) is { } element)
                    {
                        var place = at.Ensure(element);
                        place.Marked = true;
                        if (item is JsonObject)
                        {
                            Fill(place, item, schema.Items);
                        }
                    }
                }

                break;
            default:
                at.Marked = true;
                break;
        }
    }

    private static string Readable(string element) => element[0] switch
    {
        'f' => "." + element[2..],
        'k' => "[" + string.Join(',', JsonNode.Parse(element[2..])!.AsObject().Select(p => $"{p.Key}={p.Value?.ToJsonString()}")) + "]",
        'v' => "[=" + element[2..] + "]",
        _ => "[" + element[2..] + "]",
    };
}
