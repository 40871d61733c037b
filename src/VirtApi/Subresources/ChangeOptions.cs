using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.VirtApi.Subresources;

/// <summary>The options of all subresources that change something; each takes from them what it knows.</summary>
public sealed record ChangeOptions
{
    /// <summary>Of a field given twice nobody could say which was meant.</summary>
    internal static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public bool DryRun { get; init; }

    /// <summary>Of start.</summary>
    public bool Paused { get; init; }

    /// <summary>Of stop.</summary>
    public long? GracePeriod { get; init; }

    /// <summary>Of restart.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary>Of migrate.</summary>
    public IReadOnlyDictionary<string, string>? AddedNodeSelector { get; init; }

    /// <summary>Of evacuate/cancel.</summary>
    public string EvacuationNodeName { get; init; } = "";

    /// <summary>There was no body at all.</summary>
    public bool IsEmpty { get; init; }

    /// <summary>Reads a request's body; throws <see cref="FormatException"/> when it is none of these options.</summary>
    public static ChangeOptions Read(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            return new ChangeOptions { IsEmpty = true };
        }

        try
        {
            var json = JsonNode.Parse(body, documentOptions: Strict) as JsonObject ?? throw new FormatException("it is no object");
            return new ChangeOptions
            {
                DryRun = IsDryRun(json["dryRun"]),
                Paused = Known("paused", json["paused"], json.Flag("paused")) ?? false,
                GracePeriod = Known("gracePeriod", json["gracePeriod"], json.Integer("gracePeriod")),
                GracePeriodSeconds = Known("gracePeriodSeconds", json["gracePeriodSeconds"], json.Integer("gracePeriodSeconds")),
                AddedNodeSelector = json["addedNodeSelector"] is JsonObject { Count: > 0 } ? json.Strings("addedNodeSelector") : null,
                EvacuationNodeName = json.Text("evacuationNodeName") ?? "",
            };
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static bool IsDryRun(JsonNode? stages) => stages switch
    {
        null or JsonArray { Count: 0 } => false,
        JsonArray list when list.All(static stage => stage.Text() == "All") => true,
        _ => throw new FormatException("dryRun must be a list that holds \"All\" or nothing"),
    };

    private static T? Known<T>(string name, JsonNode? given, T? read)
        where T : struct =>
        given is null || read is not null ? read : throw new FormatException($"{name} has the wrong type");
}
