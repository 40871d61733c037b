using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Godwit.Replay;

/// <summary>A recorded case: the commands with their outcomes, and what went over the wire.</summary>
/// <param name="Name">The name of its two files.</param>
/// <param name="Needs">What beyond a bare API server took part.</param>
/// <param name="Namespace">The namespace it ran in; null for none.</param>
/// <param name="Hooks">What its webhook was asked and answered.</param>
/// <param name="Steps">In order.</param>
/// <param name="Exchanges">In order of arrival.</param>
internal sealed record Case(
    string Name, IReadOnlyList<string> Needs, string? Namespace, IReadOnlyList<JsonNode> Hooks, IReadOnlyList<Step> Steps, IReadOnlyList<Exchange> Exchanges)
{
    /// <summary>Cases were recorded one after another in one cluster, and find what earlier ones left: the highest revision tells the order.</summary>
    private long LastRevision => Exchanges.Max(static e => Revisions.Highest(e.Body));

    private const string CommandsSuffix = ".commands.jsonl";

    /// <summary>The cases of a folder, in the order of their recording.</summary>
    /// <exception cref="ReplayException">The folder is not there, or holds none.</exception>
    public static IReadOnlyList<Case> ReadAll(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ReplayException($"{folder} is no folder; give one with *{CommandsSuffix} and *.exchanges.jsonl files");
        }

        var found = Directory.EnumerateFiles(folder, "*" + CommandsSuffix).Order(StringComparer.Ordinal).Select(Read).OrderBy(static c => c.LastRevision).ToList();
        return found.Count > 0 ? found : throw new ReplayException($"{folder} holds no case: there is no *{CommandsSuffix} in it");
    }

    private static Case Read(string path)
    {
        var name = Path.GetFileName(path)[..^CommandsSuffix.Length];
        try
        {
            var lines = File.ReadLines(path).Where(static l => l.Length > 0).Select(static l => JsonNode.Parse(l)!).ToList();
            var folder = Path.GetDirectoryName(path)!;
            var exchanges = Path.Combine(folder, name + ".exchanges.jsonl");
            return new Case(
                name,
                [.. lines[0]["needs"]!.AsArray().Select(static n => n!.GetValue<string>())],
                lines[0]["namespace"]?.GetValue<string>(),
                [.. (lines[0]["webhooks"] as JsonArray ?? []).Select(static n => n!)],
                [.. lines.Skip(1).Select(ReadStep)],
                [.. File.ReadLines(exchanges).Where(static l => l.Length > 0).Select(l => ReadExchange(JsonNode.Parse(l)!, folder))]);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or FormatException or NullReferenceException or FileNotFoundException)
        {
            throw new ReplayException($"{path} is not a recorded case: {e.Message}");
        }
    }

    private static Step ReadStep(JsonNode line) => new(
        line["step"]!.GetValue<int>(),
        line["role"]!.GetValue<string>(),
        line["id"]?.GetValue<string>(),
        line["file"] is { } file ? (file.GetValue<string>(), line["text"]!.GetValue<string>()) : null,
        line["cmd"]?.GetValue<string>(),
        line["seconds"]?.GetValue<double>() ?? 0,
        line["exit"] is { } exit
            ? new Outcome(exit.GetValue<int>(), line["interrupted"]?.GetValue<bool>() == true, line["stdout"]!.GetValue<string>(), line["stderr"]!.GetValue<string>())
            : null);

    private static Exchange ReadExchange(JsonNode line, string folder) => new(
        line["step"]!.GetValue<int>(),
        line["role"]!.GetValue<string>() == "background",
        Requests.Key(line["method"]!.GetValue<string>(), line["path"]!.GetValue<string>(), line["query"]?.GetValue<string>() ?? ""),
        line["status"]!.GetValue<int>(),
        Body(line["respBody"], folder),
        line["respEvents"] is JsonArray events ? [.. events.Select(static e => e!["event"]!)] : null);

    private static JsonNode? Body(JsonNode? body, string folder)
    {
        if (body is not JsonObject obj || obj["$body"] is not { } kept)
        {
            return body;
        }

        using var file = File.OpenRead(Path.Combine(folder, kept.GetValue<string>()));
        using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        return JsonNode.Parse(unpacked);
    }
}
