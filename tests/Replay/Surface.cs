using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Replay;

/// <summary>
/// Takes out of recorded answers about the server's whole surface what LocalCluster does not claim to serve: what it does serve is
/// then compared line by line.
/// </summary>
internal static class Surface
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The recorded output without what is not claimed; the same output when it is about something else.</summary>
    public static Outcome Claimed(Step step)
    {
        var recorded = step.Expected!;
        var command = step.Command!;
        if (command.Contains("kubectl api-resources", StringComparison.Ordinal))
        {
            return recorded with { Output = string.Join('\n', recorded.Output.Split('\n').Where(static l => !IsUnclaimed(l))) };
        }

        return IsDiscovery(command) && Parse(recorded.Output) is { } document ? recorded with { Output = Without(document).ToJsonString(Indented) } : recorded;
    }

    private static bool IsDiscovery(string command) =>
        command.Contains("--raw /api", StringComparison.Ordinal) || command.EndsWith("$API/api", StringComparison.Ordinal) || command.EndsWith("$API/apis", StringComparison.Ordinal);

    /// <summary>A line begins with <c>plural</c> or <c>plural.group</c>, and has the kind's <c>group/version</c> somewhere when it is long.</summary>
    private static bool IsUnclaimed(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = (words.FirstOrDefault() ?? "").Split('.', 2);
        return Claims.KindsNotServed.Contains(name[0]) || (name.Length == 2 && Claims.GroupsNotServed.Contains(name[1]))
            || words.Any(static w => Claims.GroupsNotServed.Contains(w.Split('/')[0]) && w.Contains('/', StringComparison.Ordinal));
    }

    private static JsonObject Without(JsonObject document)
    {
        foreach (var (list, field) in ((string, string)[])[("groups", "name"), ("resources", "name"), ("resources", "resource")])
        {
            if (document[list] is JsonArray items)
            {
                document[list] = new JsonArray([.. items.Where(i => !IsListed(i, list, field)).Select(static i => i!.DeepClone())]);
            }
        }

        if (document["subresources"] is JsonArray below && document["resource"] is { } of)
        {
            document["subresources"] = new JsonArray([.. below.Where(b => !Claims.SubresourcesNotServed.Contains($"{of}/{b!["subresource"]}")).Select(static b => b!.DeepClone())]);
            if (document["subresources"] is JsonArray { Count: 0 })
            {
                document.Remove("subresources");
            }
        }

        foreach (var child in document.ToList().Select(static p => p.Value).OfType<JsonArray>().SelectMany(static a => a.OfType<JsonObject>()))
        {
            Without(child);
        }

        return document;
    }

    private static bool IsListed(JsonNode? item, string list, string field) =>
        item is JsonObject obj && obj[field] is JsonValue value && value.TryGetValue<string>(out var name)
        && (list == "groups" ? Claims.GroupsNotServed.Contains(name)
            : Claims.KindsNotServed.Contains(name.Split('/')[0]) || Claims.SubresourcesNotServed.Contains(name));

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
