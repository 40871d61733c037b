using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Godwit.Replay;

/// <summary>
/// What a case found though it had not made it: it read an object before it created it, or could not create it because it was
/// there. What had been applied is told by the annotation in the first answer that shows it.
/// </summary>
internal static partial class Prerequisites
{
    /// <summary>The documents to apply before the case, in the order of their discovery.</summary>
    public static IReadOnlyList<string> Of(Case recorded)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var found = new List<string>();
        foreach (var exchange in recorded.Exchanges)
        {
            var path = Read().IsMatch(exchange.Request) && exchange.Status == 200 ? exchange.Request : Refused(exchange) ?? "";
            if (Made(exchange) is { } made)
            {
                seen.Add(made);
            }
            else if (path.Length > 0 && seen.Add(path) && recorded.Exchanges.Select(e => Applied(e, path)).FirstOrDefault(static a => a is not null) is { } document)
            {
                found.Add(document);
            }
        }

        return found;
    }

    /// <summary>The request that reads what this one created.</summary>
    private static string? Made(Exchange exchange) =>
        exchange.Status == 201 && Creation().Match(exchange.Request) is { Success: true } creation
            ? $"GET {creation.Groups["path"].Value}/{Text(exchange.Body?["metadata"], "name")}"
            : null;

    /// <summary>The request that reads what this one could not create because it was there.</summary>
    private static string? Refused(Exchange exchange) =>
        exchange.Status == 409 && Text(exchange.Body, "reason") == "AlreadyExists" && Creation().Match(exchange.Request) is { Success: true } creation
            ? $"GET {creation.Groups["path"].Value}/{Text(exchange.Body?["details"], "name")}"
            : null;

    private static string? Applied(Exchange exchange, string path) =>
        exchange.Request == path && exchange.Status == 200
            ? exchange.Body?["metadata"]?["annotations"]?["kubectl.kubernetes.io/last-applied-configuration"]?.GetValue<string>()
            : null;

    /// <summary>Of one thing that belongs to no namespace.</summary>
    [GeneratedRegex(@"^GET /apis/[^/]+/[^/]+/(?!namespaces/)[^/?]+/[^/?]+$", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Read();

    private static string Text(JsonNode? node, string field) => node?[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    /// <summary>Of something that belongs to no namespace: a case has its own namespace for itself.</summary>
    [GeneratedRegex(@"^POST (?<path>/apis?/(?!.*/namespaces/)[^?]+)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Creation();
}
