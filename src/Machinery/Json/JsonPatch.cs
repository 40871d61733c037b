using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>
/// RFC 6902. Applying never changes the given document: the whole patch takes effect on a copy, or none of it. Missing
/// parents, missing targets of <c>remove</c>, <c>replace</c> and <c>test</c>, and positions past the end are errors, worded as
/// a Kubernetes API server words them.
/// </summary>
public static class JsonPatch
{
    /// <summary>The document after the patch.</summary>
    public static JsonNode? Apply(JsonNode? document, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
        {
            throw new JsonPatchException("a JSON patch must be a list of operations");
        }

        var result = document?.DeepClone();
        for (var i = 0; i < operations.Count; i++)
        {
            if (operations[i] is not JsonObject operation)
            {
                throw new JsonPatchException($"operation {i} of the JSON patch is not an object");
            }

            result = Apply(result, operation);
        }

        return result;
    }

    public static JsonObject Add(string path, JsonNode? value) => Operation("add", path, value);

    public static JsonObject Replace(string path, JsonNode? value) => Operation("replace", path, value);

    public static JsonObject Test(string path, JsonNode? value) => Operation("test", path, value);

    public static JsonObject Remove(string path) => new() { ["op"] = "remove", ["path"] = path };

    /// <summary>The operations that lead from one document to another; lists that differ are replaced as a whole.</summary>
    public static JsonArray Diff(JsonNode? before, JsonNode? after)
    {
        var patch = new JsonArray();
        Diff("", before, after, patch);
        return patch;
    }

    private static JsonObject Operation(string op, string path, JsonNode? value) => new() { ["op"] = op, ["path"] = path, ["value"] = value };

    private static void Diff(string path, JsonNode? before, JsonNode? after, JsonArray patch)
    {
        if (JsonNode.DeepEquals(before, after))
        {
            return;
        }

        if (before is not JsonObject old || after is not JsonObject now)
        {
            patch.Add((JsonNode)Replace(path, after?.DeepClone()));
            return;
        }

        foreach (var (name, value) in old)
        {
            var member = $"{path}/{JsonPointer.Escape(name)}";
            if (!now.TryGetPropertyValue(name, out var other))
            {
                patch.Add((JsonNode)Remove(member));
            }
            else
            {
                Diff(member, value, other, patch);
            }
        }

        foreach (var (name, value) in now.Where(m => !old.ContainsKey(m.Key)))
        {
            patch.Add((JsonNode)Add($"{path}/{JsonPointer.Escape(name)}", value?.DeepClone()));
        }
    }

    private static JsonNode? Apply(JsonNode? root, JsonObject operation)
    {
        var op = operation.Text("op") ?? throw new JsonPatchException("an operation of the JSON patch has no \"op\"");
        var path = Pointer(operation, op, "path");
        switch (op)
        {
            case "add":
                return Put(root, path, Value(operation, op));
            case "remove":
                return Take(root, path, op, out _);
            case "replace":
                Require(root, path, op);
                return path.IsRoot ? Value(operation, op) : Set(root, path, Value(operation, op));
            case "move":
                var from = Pointer(operation, op, "from");
                if (path.IsWithin(from) && path.Tokens.Count > from.Tokens.Count)
                {
                    throw new JsonPatchException($"move: {from} cannot be moved into itself at {path}");
                }

                root = Take(root, from, op, out var moved);
                return Put(root, path, moved);
            case "copy":
                return Put(root, path, Require(root, Pointer(operation, op, "from"), op)?.DeepClone());
            case "test":
                var expected = Value(operation, op);
                if (!path.TryGet(root, out var actual))
                {
                    throw new JsonPatchException($"test operation does not apply: is missing path: {path}: missing value", testFailed: true);
                }

                return JsonNode.DeepEquals(actual, expected)
                    ? root
                    : throw new JsonPatchException($"testing value {path} failed: test failed", testFailed: true);
            default:
                throw new JsonPatchException($"\"{op}\" is not an operation of JSON patches");
        }
    }

    private static JsonPointer Pointer(JsonObject operation, string op, string member) =>
        JsonPointer.Parse(operation.Text(member) ?? throw new JsonPatchException($"{op}: \"{member}\" is missing"));

    private static JsonNode? Value(JsonObject operation, string op) => operation.TryGetPropertyValue("value", out var value)
        ? value?.DeepClone()
        : throw new JsonPatchException($"{op}: \"value\" is missing");

    private static JsonNode? Require(JsonNode? root, JsonPointer path, string op) => path.TryGet(root, out var node)
        ? node
        : throw Missing(root, path, op);

    private static JsonNode? Put(JsonNode? root, JsonPointer path, JsonNode? value)
    {
        if (path.IsRoot)
        {
            return value;
        }

        switch (Parent(root, path, "add"))
        {
            case JsonObject members:
                members[path.Last] = value;
                return root;
            case JsonArray items when path.Last == "-":
                items.Add(value);
                return root;
            case JsonArray items when JsonPointer.TryIndex(path.Last, out var index) && index <= items.Count:
                items.Insert(index, value);
                return root;
            default:
                throw new JsonPatchException($"error in add for path: '{path}': {NoIndex(path.Last)}");
        }
    }

    private static JsonNode? Set(JsonNode? root, JsonPointer path, JsonNode? value)
    {
        switch (Parent(root, path, "replace"))
        {
            case JsonObject members:
                members[path.Last] = value;
                break;
            case JsonArray items when JsonPointer.TryIndex(path.Last, out var index):
                items[index] = value;
                break;
        }

        return root;
    }

    private static JsonNode? Take(JsonNode? root, JsonPointer path, string op, out JsonNode? taken)
    {
        taken = Require(root, path, op);
        if (path.IsRoot)
        {
            return null;
        }

        switch (Parent(root, path, op))
        {
            case JsonObject members:
                members.Remove(path.Last);
                break;
            case JsonArray items when JsonPointer.TryIndex(path.Last, out var index):
                items.RemoveAt(index);
                break;
        }

        return root;
    }

    private static JsonNode? Parent(JsonNode? root, JsonPointer path, string op) =>
        path.TryGetParent(root, out var parent) && parent is JsonObject or JsonArray ? parent : throw Missing(root, path, op);

    private static JsonPatchException Missing(JsonNode? root, JsonPointer path, string op)
    {
        _ = path.TryGetParent(root, out var parent);
        return new JsonPatchException((op, parent) switch
        {
            ("add", _) => $"add operation does not apply: doc is missing path: \"{path}\": missing value",
            ("replace", JsonObject or JsonArray) => $"replace operation does not apply: doc is missing key: {path}: missing value",
            ("replace", _) => $"replace operation does not apply: doc is missing path: {path}: missing value",
            ("remove", JsonObject) => $"error in remove for path: '{path}': Unable to remove nonexistent key: {path.Last}: missing value",
            ("remove", JsonArray) => $"error in remove for path: '{path}': {NoIndex(path.Last)}",
            ("remove", _) => $"remove operation does not apply: doc is missing path: \"{path}\": missing value",
            _ => $"{op} operation does not apply: doc is missing from path: {path}: missing value",
        });
    }

    private static string NoIndex(string token) => int.TryParse(token, System.Globalization.CultureInfo.InvariantCulture, out var index)
        ? $"Unable to access invalid index: {index}: invalid index referenced"
        : $"value was not a proper array index: '{token}': strconv.Atoi: parsing \"{token}\": invalid syntax";
}
