using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Godwit.Replay;

/// <summary>Takes out of texts and documents what differs from run to run.</summary>
/// <param name="prefixes">Prefixes of names that the server completes.</param>
/// <param name="address">Where the commands were sent to.</param>
internal sealed partial class Varying(IReadOnlyList<string> prefixes, string address)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static IReadOnlyList<string> PrefixesIn(Case recorded)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var exchange in recorded.Exchanges)
        {
            Search(exchange.Body, found);
        }

        return [.. found.OrderByDescending(static p => p.Length)];
    }

    public string Text(string text)
    {
        if (text.Length > 0 && (text[0] == '{' || text[0] == '['))
        {
            return Documents(text);
        }

        text = Value(text);
        text = Age().Replace(text, "<age>");
        text = DeletedFrom().Replace(text, "deleted");
        text = TemporaryFile().Replace(text, "/tmp/<file>");
        text = Version().Replace(text, "<version>");
        text = QuotedVersion().Replace(text, "${key}<rv>");
        text = Columns().Replace(text, " ");
        return LineEnds().Replace(text, "").TrimEnd();
    }

    public string Document(JsonNode? node) => Clean(node, "")?.ToJsonString(Indented) ?? "null";

    private string Value(string text)
    {
        text = text.Replace(address, "<api>", StringComparison.Ordinal);
        text = Token().Replace(text, "<jwt>");
        text = Certificate().Replace(text, "<pem>");
        text = EncodedCertificate().Replace(text, "<pem-base64>");
        text = Uid().Replace(text, "<uid>");
        text = Hash().Replace(text, "<hash>");
        // Older kubectls write down that there are no annotations.
        text = text.Replace("\"annotations\":{},", "", StringComparison.Ordinal).Replace("\\\"annotations\\\":{},", "", StringComparison.Ordinal);
        text = Time().Replace(text, "<time>");
        text = Address().Replace(text, "<ip>");
        text = EventName().Replace(text, ".<event>");
        foreach (var prefix in prefixes)
        {
            text = Regex.Replace(text, Regex.Escape(prefix) + "[a-z0-9]{5}\\b", prefix + "<name>", RegexOptions.None, TimeSpan.FromSeconds(5));
        }

        return text;
    }

    private string Documents(string text)
    {
        try
        {
            return Document(JsonNode.Parse(text));
        }
        catch (JsonException)
        {
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            try
            {
                return string.Join('\n', lines.Select(line => Document(JsonNode.Parse(line))));
            }
            catch (JsonException)
            {
                return Columns().Replace(QuotedVersion().Replace(Age().Replace(Value(text), "<age>"), "${key}<rv>"), " ").TrimEnd();
            }
        }
    }

    private JsonNode? Clean(JsonNode? node, string key)
    {
        switch (node)
        {
            case JsonObject obj:
                return new JsonObject(obj.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(Value(p.Key), Clean(p.Value, p.Key))));
            case JsonArray array:
                var items = array.Select(item => Clean(item, ""));
                return new JsonArray([.. key is "managedFields" or "causes" ? items.OrderBy(static i => i?.ToJsonString(), StringComparer.Ordinal) : items]);
            case JsonValue value when value.TryGetValue<string>(out var text):
                return key switch
                {
                    // Sentences that explain a field or an object are each server's own.
                    "description" or "kubernetes.io/description" => "<sentence>",
                    "resourceVersion" when text is not ("" or "0") => "<rv>",
                    "continue" when text.Length > 0 => "<continue>",
                    _ => Age().Replace(Value(text), "<age>"),
                };
            default:
                return node?.DeepClone();
        }
    }

    private static void Search(JsonNode? node, HashSet<string> found)
    {
        switch (node)
        {
            case JsonObject obj:
                if (obj["generateName"] is JsonValue value && value.TryGetValue<string>(out var prefix) && prefix.Length > 0)
                {
                    found.Add(prefix);
                }

                foreach (var (_, child) in obj)
                {
                    Search(child, found);
                }

                break;
            case JsonArray array:
                foreach (var child in array)
                {
                    Search(child, found);
                }

                break;
            default:
                break;
        }
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000( UTC)?)|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d (\+0000|GMT)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Time();

    [GeneratedRegex(@"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Address();

    [GeneratedRegex("X509SHA256=[0-9a-f]{64}", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Hash();

    [GeneratedRegex(@"\.[0-9a-f]{16}\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex EventName();

    [GeneratedRegex(@"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Token();

    [GeneratedRegex("(-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----\\s*)+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Certificate();

    [GeneratedRegex("LS0tLS1CRUdJTi[A-Za-z0-9+/=]+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex EncodedCertificate();

    [GeneratedRegex(@"(?<![\w.-])(\d+(\.\d+)?(ms|s|m|h|d|y))+(?!\w)|<unknown>|<invalid>", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Age();

    [GeneratedRegex(@"v1\.\d+\.\d+[-+.\w]*", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Version();

    [GeneratedRegex("""(?<key>resource ?version["\\]*:\s*["\\]*)[1-9]\d*""", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 5000)]
    private static partial Regex QuotedVersion();

    /// <summary>Newer kubectls say from where.</summary>
    [GeneratedRegex(@"deleted from \S+ namespace", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex DeletedFrom();

    [GeneratedRegex(@"/tmp/(kubectl-edit-|LIVE-|MERGED-)\d+(\.yaml)?", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex TemporaryFile();

    [GeneratedRegex("(?<=\\S) {2,}", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Columns();

    [GeneratedRegex(" +(?=\n|$)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex LineEnds();
}
