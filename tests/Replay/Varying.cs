using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Godwit.Replay;

/// <summary>Takes out of texts and documents what differs from run to run.</summary>
/// <param name="prefixes">Prefixes of names that the server completes.</param>
/// <param name="addresses">Where the commands were sent to.</param>
internal sealed partial class Varying(IReadOnlyList<string> prefixes, params IReadOnlyList<string> addresses)
{
    /// <summary>The server shortens a prefix so that the name with its five letters is no longer than this.</summary>
    private const int LongestGeneratedName = 63;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Of a server's version; an older kubectl does not show them.</summary>
    private static readonly string[] UnknownToOlderClients = ["emulationMajor", "emulationMinor", "minCompatibilityMajor", "minCompatibilityMinor"];

    /// <summary>Volumes whose names the server completes though no object says so.</summary>
    private static readonly string[] KnownPrefixes = ["kube-api-access-"];

    public static IReadOnlyList<string> PrefixesIn(Case recorded)
    {
        var found = new HashSet<string>(KnownPrefixes, StringComparer.Ordinal);
        foreach (var exchange in recorded.Exchanges)
        {
            Search(exchange.Body, found);
        }

        foreach (Match prefix in recorded.Steps.SelectMany(static s => AskedPrefix().Matches(s.File?.Text ?? "")))
        {
            found.Add(Kept(prefix.Groups["prefix"].Value));
        }

        return [.. found.OrderByDescending(static p => p.Length)];
    }

    public string Text(string text)
    {
        if (text.Length > 0 && (text[0] == '{' || text[0] == '['))
        {
            return Documents(text);
        }

        if (text.StartsWith("HTTP/", StringComparison.Ordinal))
        {
            return Response(text);
        }

        if (text.StartsWith("KIND:", StringComparison.Ordinal) || text.StartsWith("GROUP:", StringComparison.Ordinal))
        {
            text = Explained(text);
        }

        // Before hashes are looked for, which such a number may look like.
        text = TemporaryFile().Replace(text, "/tmp/<file>");
        text = Value(Bullets(text));
        text = Age().Replace(text, "<age>");
        text = DeletedFrom().Replace(text, "deleted");
        text = Version().Replace(text, "<version>");
        text = OwnLog().Replace(text, "");
        text = ShownNodePort().Replace(text, ":<nodeport>/");
        text = Columns().Replace(text, " ");
        return LineEnds().Replace(text, "").TrimEnd();
    }

    public string Document(JsonNode? node) => Clean(node, "")?.ToJsonString(Indented) ?? "null";

    private string Value(string text)
    {
        foreach (var address in addresses)
        {
            text = text.Replace(address, "<api>", StringComparison.Ordinal);
        }

        text = Token().Replace(text, "<jwt>");
        text = Certificate().Replace(text, "<pem>");
        text = EncodedCertificate().Replace(text, "<pem-base64>");
        text = Uid().Replace(text, "<uid>");
        text = Hash().Replace(text, "<hash>");
        // Older kubectls write down that there are no annotations.
        text = text.Replace("\"annotations\":{},", "", StringComparison.Ordinal).Replace("\\\"annotations\\\":{},", "", StringComparison.Ordinal);
        text = Time().Replace(text, "<time>");
        // Also within documents that are carried as text, as the last applied configuration is.
        text = QuotedVersion().Replace(text, "${key}<rv>");
        text = OldestVersion().Replace(text, "(<rv>)");
        text = ListedErrors().Replace(text, static m => "[" + string.Join(", ", m.Groups["errors"].Value.Split(", ").Order(StringComparer.Ordinal)) + "]");
        text = Address().Replace(text, "<ip>");
        text = EventName().Replace(text, ".<event>");
        text = TemplateHash().Replace(text, "-<hash>");
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
                return Columns().Replace(Age().Replace(Value(text), "<age>"), " ").TrimEnd();
            }
        }
    }

    /// <summary>
    /// An answer with its head, as curl -i shows it. The order of headers means nothing, the length follows from the body, and
    /// a server whose flow control is switched off sends no headers about it.
    /// </summary>
    private string Response(string text)
    {
        text = text.ReplaceLineEndings("\n");
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = (end < 0 ? text.TrimEnd() : text[..end]).Split('\n');
        var head = lines.Skip(1)
            .Where(static l => !l.StartsWith("X-Kubernetes-Pf-", StringComparison.OrdinalIgnoreCase))
            .Select(static l => l.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase) && !l.EndsWith(": 0", StringComparison.Ordinal) ? "Content-Length: <length>" : l)
            .Order(StringComparer.OrdinalIgnoreCase);
        return Value(string.Join('\n', head.Prepend(lines[0]))) + "\n\n" + (end < 0 ? "" : Text(text[(end + 2)..]));
    }

    /// <summary>What <c>kubectl explain</c> shows, without the sentences.</summary>
    private static string Explained(string text)
    {
        var lines = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            var isSentence = line.StartsWith("    ", StringComparison.Ordinal) && !line.Contains("\t<", StringComparison.Ordinal) && line.Trim() != "<empty>";
            if (!isSentence && (line.Length > 0 || lines.LastOrDefault() is not ("" or "    <sentence>")))
            {
                lines.Add(line);
            }
            else if (isSentence && lines.LastOrDefault() != "    <sentence>")
            {
                lines.Add("    <sentence>");
            }
        }

        return string.Join('\n', lines);
    }

    /// <summary>Errors of several fields: a real server finds them in the order of a hash table.</summary>
    private static string Bullets(string text)
    {
        if (!text.Contains("\n* ", StringComparison.Ordinal))
        {
            return text;
        }

        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var from = i;
            while (i < lines.Length && lines[i].StartsWith("* ", StringComparison.Ordinal))
            {
                i++;
            }

            Array.Sort(lines, from, i - from, StringComparer.Ordinal);
        }

        return string.Join('\n', lines);
    }

    private JsonNode? Clean(JsonNode? node, string key)
    {
        switch (node)
        {
            case JsonObject obj:
                return new JsonObject(obj.Where(static p => !UnknownToOlderClients.Contains(p.Key)).OrderBy(static p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(Value(p.Key), Clean(p.Value, p.Key))));
            case JsonArray array:
                // A real server finds bindings in the order of a hash table, and lists owners of the same second by chance.
                var items = array.Select(item => Clean(item, ""));
                return new JsonArray([.. key is "managedFields" or "causes" or "resourceRules" or "nonResourceRules" ? items.OrderBy(static i => i?.ToJsonString(), StringComparer.Ordinal) : items]);
            case JsonValue value when value.TryGetValue<string>(out var text):
                return key switch
                {
                    // Sentences that explain a field or an object are each server's own.
                    "description" or "kubernetes.io/description" => "<sentence>",
                    "resourceVersion" when text is not ("" or "0") => "<rv>",
                    "continue" when text.Length > 0 => "<continue>",
                    // Which build it is, and of which version.
                    "major" or "minor" or "gitVersion" or "gitCommit" or "gitTreeState" or "buildDate" or "goVersion" or "compiler" or "platform" or "kustomizeVersion" => "<build>",
                    "pod-template-hash" => "<hash>",
                    "serverAddress" => Port().Replace(Value(text), ""),
                    _ => Age().Replace(Value(text), "<age>"),
                };
            case JsonValue number when key == "nodePort" && number.TryGetValue<int>(out var port) && port > 0:
                return "<nodeport>";
            default:
                return node?.DeepClone();
        }
    }

    private static string Kept(string prefix) => prefix[..Math.Min(prefix.Length, LongestGeneratedName - 5)];

    private static void Search(JsonNode? node, HashSet<string> found)
    {
        switch (node)
        {
            case JsonObject obj:
                if (obj["generateName"] is JsonValue value && value.TryGetValue<string>(out var prefix) && prefix.Length > 0)
                {
                    found.Add(Kept(prefix));
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

    /// <summary>Of a pod template, in the names of replica sets and their pods: every server's own, in letters and digits that make no words.</summary>
    [GeneratedRegex(@"-[bcdfghjklmnpqrstvwxz2456789]{8,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?\b", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex TemplateHash();

    [GeneratedRegex(@"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Token();

    [GeneratedRegex("(-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----\\s*)+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Certificate();

    [GeneratedRegex("LS0tLS1CRUdJTi[A-Za-z0-9+/=]+", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex EncodedCertificate();

    [GeneratedRegex(@"(?<![\w.-])(\d+(\.\d+)?(ms|s|m|h|d|y))+(?!\w)|<unknown>|<invalid>", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Age();

    [GeneratedRegex(@"v\d+\.\d+\.\d+[-+.\w]*", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Version();

    [GeneratedRegex("""(?<key>resource ?version["\\]*:\s*["\\]*)[1-9]\d*""", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 5000)]
    private static partial Regex QuotedVersion();

    [GeneratedRegex(@"generateName""?:\s*""?(?<prefix>[a-z0-9][a-z0-9.-]*)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex AskedPrefix();

    [GeneratedRegex(@"(?<=too old resource version: \S+ )\(\d+\)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex OldestVersion();

    [GeneratedRegex(@":\d+$", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Port();

    /// <summary>Ports of services on the nodes are taken from a range at random.</summary>
    [GeneratedRegex(@":3[0-2]\d{3}/", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex ShownNodePort();

    [GeneratedRegex(@"(?<=is invalid: )\[(?<errors>[a-z].*, .*)\]", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex ListedErrors();

    /// <summary>What kubectl's own machinery logs about its own deadlines; newer ones keep it to themselves.</summary>
    [GeneratedRegex(@"^[EWI]\d{4} .* reflector\.go:.*context deadline exceeded""?\n", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 5000)]
    private static partial Regex OwnLog();

    /// <summary>Newer kubectls say from where.</summary>
    [GeneratedRegex(@"deleted from \S+ namespace", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex DeletedFrom();

    [GeneratedRegex(@"/tmp/([^\s/""]+/)*(kubectl-edit-|LIVE-|MERGED-)\d+(\.yaml)?", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex TemporaryFile();

    [GeneratedRegex("(?<=\\S) {2,}", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Columns();

    [GeneratedRegex(" +(?=\n|$)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex LineEnds();
}
