using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.Patch;

/// <summary>
/// Kubernetes' strategic merge patch: like a JSON merge patch, but lists whose schema names a merge key are merged item by
/// item, and the patch may carry directives (<c>$patch</c>, <c>$deleteFromPrimitiveList</c>, <c>$setElementOrder</c>, <c>$retainKeys</c>).
/// </summary>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";
    private const string ElementOrder = "$setElementOrder/";
    private const string RetainKeys = "$retainKeys";

    /// <summary>The patched copy of an object. A patch that makes no sense throws <see cref="FormatException"/>.</summary>
    public static JsonObject Apply(JsonObject original, JsonObject patch, ISchemaNode? schema) =>
        Merge((JsonObject)original.DeepClone(), patch, schema) ?? [];

    // Null: the object goes.
    private static JsonObject? Merge(JsonObject target, JsonObject patch, ISchemaNode? schema)
    {
        var before = Orders(patch).ToDictionary(o => o.List, o => target[o.List]?.DeepClone() as JsonArray ?? []);
        switch (DirectiveOf(patch))
        {
            case null or "merge":
                break;
            case "replace":
                return Clean(patch);
            case "delete":
                return null;
            case var other:
                throw new FormatException($"Unknown patch type found: {other}");
        }

        Retain(target, patch);
        foreach (var (key, value) in patch)
        {
            if (key is Directive or RetainKeys || key.StartsWith(ElementOrder, StringComparison.Ordinal))
            {
                continue;
            }

            if (key.StartsWith(DeleteFromList, StringComparison.Ordinal))
            {
                RemoveFromPrimitiveList(target, key[DeleteFromList.Length..], value);
                continue;
            }

            MergeField(target, patch, key, value, schema?.Property(key));
        }

        // An order may come without the list itself.
        foreach (var (name, order) in Orders(patch))
        {
            if (target[name] is JsonArray list)
            {
                target[name] = Ordered(list, order, before[name], schema?.Property(name)?.PatchMergeKey);
            }
        }

        return target;
    }

    private static IEnumerable<(string List, JsonArray Order)> Orders(JsonObject patch) =>
        from field in patch
        where field.Key.StartsWith(ElementOrder, StringComparison.Ordinal) && field.Value is JsonArray
        select (field.Key[ElementOrder.Length..], (JsonArray)field.Value);

    private static void MergeField(JsonObject target, JsonObject patch, string key, JsonNode? value, ISchemaNode? schema)
    {
        switch (value)
        {
            case null:
                target.Remove(key);
                break;
            case JsonObject inner when schema?.PatchStrategy?.Split(',').Contains("replace") != true:
                if (target[key] is JsonObject existing)
                {
                    var merged = Merge((JsonObject)existing.DeepClone(), inner, schema);
                    Put(target, key, merged);
                }
                else
                {
                    Put(target, key, DirectiveOf(inner) == "delete" ? null : Clean(inner, schema));
                }

                break;
            case JsonArray list when Merges(schema):
                target[key] = MergeList(target[key] as JsonArray ?? [], list, schema!);
                break;
            default:
                target[key] = Clean(value);
                break;
        }
    }

    private static JsonArray MergeList(JsonArray target, JsonArray patch, ISchemaNode schema)
    {
        var result = (JsonArray)target.DeepClone();
        if (schema.PatchMergeKey is not { } mergeKey)
        {
            foreach (var item in patch.Where(item => !result.Any(r => JsonNode.DeepEquals(r, item))).ToList())
            {
                result.Add(item?.DeepClone());
            }

            return Ordered(result, patch, target, null);
        }

        if (patch.OfType<JsonObject>().Any(o => DirectiveOf(o) == "replace"))
        {
            return new JsonArray([.. patch.OfType<JsonObject>().Where(o => !(DirectiveOf(o) == "replace" && o.Count == 1)).Select(o => Clean(o))]);
        }

        foreach (var item in patch)
        {
            if (item is not JsonObject change)
            {
                throw new FormatException($"expected an object with the merge key {mergeKey} in a list of the patch");
            }

            if (change[mergeKey] is not { } key)
            {
                throw new FormatException($"map: {change.ToJsonString()} does not contain declared merge key: {mergeKey}");
            }

            MergeItem(result, change, mergeKey, key, schema.Items);
        }

        return Ordered(result, patch, target, mergeKey);
    }

    private static void MergeItem(JsonArray list, JsonObject change, string mergeKey, JsonNode key, ISchemaNode? schema)
    {
        var at = -1;
        for (var i = 0; i < list.Count && at < 0; i++)
        {
            at = list[i] is JsonObject o && JsonNode.DeepEquals(o[mergeKey], key) ? i : -1;
        }

        if (DirectiveOf(change) == "delete")
        {
            for (var i = list.Count - 1; i >= 0; i--)
            {
                if (list[i] is JsonObject o && JsonNode.DeepEquals(o[mergeKey], key))
                {
                    list.RemoveAt(i);
                }
            }
        }
        else if (at >= 0)
        {
            list[at] = Merge((JsonObject)list[at]!.DeepClone(), change, schema);
        }
        else
        {
            list.Add((JsonNode?)Clean(change, schema));
        }
    }

    private static void RemoveFromPrimitiveList(JsonObject target, string key, JsonNode? values)
    {
        if (values is not JsonArray gone)
        {
            throw new FormatException($"{DeleteFromList}{key} must hold a list");
        }

        if (target[key] is JsonArray list)
        {
            target[key] = new JsonArray([.. list.Where(item => !gone.Any(g => JsonNode.DeepEquals(g, item))).Select(item => item?.DeepClone())]);
        }
    }

    private static void Retain(JsonObject target, JsonObject patch)
    {
        if (patch[RetainKeys] is not JsonArray keep)
        {
            return;
        }

        var names = keep.Select(k => k?.GetValue<string>()).ToHashSet();
        foreach (var (name, value) in patch)
        {
            if (name is not (RetainKeys or Directive) && value is not null && !names.Contains(name))
            {
                throw new FormatException($"{RetainKeys} directive must contain all fields present in the patch");
            }
        }

        foreach (var name in target.Select(p => p.Key).Where(n => !names.Contains(n)).ToList())
        {
            target.Remove(name);
        }
    }

    // Items that the order names come in it. Those that only the server has keep theirs, each before the first named item
    // that it preceded at the server; so what is new comes first.
    private static JsonArray Ordered(JsonArray list, JsonArray order, JsonArray before, string? mergeKey)
    {
        int Position(JsonArray items, JsonNode? item)
        {
            for (var i = 0; i < items.Count; i++)
            {
                if (JsonNode.DeepEquals(Identity(items[i]), Identity(item)))
                {
                    return i;
                }
            }

            return -1;
        }

        JsonNode? Identity(JsonNode? item) => mergeKey is null ? item : (item as JsonObject)?[mergeKey];
        var named = new Queue<JsonNode?>(list.Where(item => Position(order, item) >= 0).OrderBy(item => Position(order, item)));
        var others = new Queue<JsonNode?>(list.Where(item => Position(order, item) < 0));
        var result = new JsonArray();
        while (named.Count + others.Count > 0)
        {
            var otherFirst = named.Count == 0
                || (others.Count > 0 && Position(before, others.Peek()) is >= 0 and var at && Position(before, named.Peek()) is >= 0 and var next && at < next);
            result.Add((otherFirst ? others : named).Dequeue()?.DeepClone());
        }

        return result;
    }

    private static bool Merges(ISchemaNode? schema) => schema?.PatchStrategy?.Split(',').Contains("merge") == true;

    private static string? DirectiveOf(JsonObject patch) =>
        patch[Directive] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static void Put(JsonObject target, string key, JsonObject? value)
    {
        if (value is null)
        {
            target.Remove(key);
        }
        else
        {
            target[key] = value;
        }
    }

    // What a patch adds anew holds no directives and no nulls.
    private static JsonObject Clean(JsonObject patch, ISchemaNode? schema) => Merge([], patch, schema) ?? [];

    private static JsonNode? Clean(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj:
                var copy = new JsonObject();
                foreach (var (key, value) in obj)
                {
                    if (key != RetainKeys && key != Directive && value is not null
                        && !key.StartsWith(ElementOrder, StringComparison.Ordinal) && !key.StartsWith(DeleteFromList, StringComparison.Ordinal))
                    {
                        copy[key] = Clean(value);
                    }
                }

                return copy;
            case JsonArray array:
                return new JsonArray([.. array.Select(Clean)]);
            default:
                return node?.DeepClone();
        }
    }

    private static JsonObject Clean(JsonObject patch) => (JsonObject)Clean((JsonNode)patch)!;
}
