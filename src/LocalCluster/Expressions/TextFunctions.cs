using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.Expressions;

/// <summary>The functions of texts. Places and lengths are counted in code points; a text beyond the basic plane is refused where they matter.</summary>
internal static class TextFunctions
{
    // Reading a pattern takes about so much longer than one operation.
    private const int PatternSteps = 500;

    private static readonly Dictionary<(string Name, int Arguments), TextFunction> Known = new()
    {
        [("startsWith", 1)] = Test(static (t, a) => t.StartsWith(a, StringComparison.Ordinal)),
        [("endsWith", 1)] = Test(static (t, a) => t.EndsWith(a, StringComparison.Ordinal)),
        [("contains", 1)] = Test(static (t, a) => t.Contains(a, StringComparison.Ordinal)),
        [("matches", 1)] = new(ExpressionKind.Boolean, static (f, t, a) => Matches(f, t, Values.Text(a[0]))),
        [("lowerAscii", 0)] = Map(static t => Ascii(t, 'A', 'Z', 32)),
        [("upperAscii", 0)] = Map(static t => Ascii(t, 'a', 'z', -32)),
        [("trim", 0)] = Map(static t => t.Trim()),
        [("replace", 2)] = new(ExpressionKind.Text, static (f, t, a) => Replace(f, t, Values.Text(a[0]), Values.Text(a[1]), -1)),
        [("replace", 3)] = new(ExpressionKind.Text, static (f, t, a) => Replace(f, t, Values.Text(a[0]), Values.Text(a[1]), Whole(a[2]))),
        [("split", 1)] = new(ExpressionKind.List, static (f, t, a) => Split(f, t, Values.Text(a[0]), -1)),
        [("split", 2)] = new(ExpressionKind.List, static (f, t, a) => Split(f, t, Values.Text(a[0]), Whole(a[1]))),
        [("substring", 1)] = new(ExpressionKind.Text, static (f, t, a) => Substring(f, t, Whole(a[0]), null)),
        [("substring", 2)] = new(ExpressionKind.Text, static (f, t, a) => Substring(f, t, Whole(a[0]), Whole(a[1]))),
        [("indexOf", 1)] = new(ExpressionKind.Number, static (f, t, a) => Place(f, t, Simple(t).IndexOf(Values.Text(a[0]), StringComparison.Ordinal))),
        [("lastIndexOf", 1)] = new(ExpressionKind.Number, static (f, t, a) => Place(f, t, Simple(t).LastIndexOf(Values.Text(a[0]), StringComparison.Ordinal))),
        [("format", 1)] = new(ExpressionKind.Text, static (f, t, a) => Format(f, t, a[0])),
    };

    public static TextFunction? Find(string name, int arguments) => Known.GetValueOrDefault((name, arguments));

    public static JsonNode Join(Frame frame, JsonNode? list, string separator)
    {
        var texts = (list as JsonArray ?? throw new ExpressionException("no such overload: join() needs a list")).Select(Values.Text).ToList();
        frame.Spend(Values.Steps(texts.Sum(t => (long)t.Length + separator.Length)));
        return JsonValue.Create(string.Join(separator, texts));
    }

    public static JsonNode IsMatch(Frame frame, string text, Regex pattern)
    {
        frame.Spend(Values.Steps(text.Length));
        try
        {
            return JsonValue.Create(pattern.IsMatch(text));
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ExpressionException($"matches() took too long: {pattern}");
        }
    }

    private static TextFunction Test(Func<string, string, bool> test) => new(ExpressionKind.Boolean, (f, t, a) =>
    {
        f.Spend(Values.Steps(t.Length));
        return JsonValue.Create(test(t, Values.Text(a[0])));
    });

    private static TextFunction Map(Func<string, string> change) => new(ExpressionKind.Text, (f, t, _) =>
    {
        f.Spend(Values.Steps(t.Length));
        return JsonValue.Create(change(t));
    });

    private static JsonNode Matches(Frame frame, string text, string pattern)
    {
        frame.Spend(PatternSteps + pattern.Length);
        try
        {
            return IsMatch(frame, text, StructuralSchemaParser.Pattern(pattern));
        }
        catch (ArgumentException e)
        {
            throw new ExpressionException($"not a regular expression: {pattern}: {e.Message}");
        }
    }

    private static string Ascii(string text, char first, char last, int by) =>
        string.Create(text.Length, (text, first, last, by), static (span, s) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = s.text[i] >= s.first && s.text[i] <= s.last ? (char)(s.text[i] + s.by) : s.text[i];
            }
        });

    private static JsonValue Replace(Frame frame, string text, string what, string by, long most)
    {
        if (what.Length == 0)
        {
            throw new ExpressionException("replace() of an empty text is not supported");
        }

        frame.Spend(Values.Steps(text.Length));
        var result = new StringBuilder();
        var at = 0;
        for (var done = 0L; done != most && text.IndexOf(what, at, StringComparison.Ordinal) is >= 0 and var next; done++)
        {
            frame.Spend(Values.Steps(by.Length));
            result.Append(text, at, next - at).Append(by);
            at = next + what.Length;
        }

        return JsonValue.Create(result.Append(text, at, text.Length - at).ToString());
    }

    private static JsonArray Split(Frame frame, string text, string separator, long most)
    {
        frame.Spend(Values.Steps(text.Length));
        string[] parts = most == 0 ? []
            : separator.Length > 0 ? text.Split(separator, most < 0 || most > int.MaxValue ? int.MaxValue : (int)most, StringSplitOptions.None)
            : most < 0 ? [.. text.EnumerateRunes().Select(static r => r.ToString())]
            : throw new ExpressionException("split() at every character takes no limit");
        frame.Spend(parts.Length);
        return new JsonArray([.. parts.Select(static p => (JsonNode?)JsonValue.Create(p))]);
    }

    private static JsonValue Substring(Frame frame, string text, long from, long? to)
    {
        frame.Spend(Values.Steps(text.Length));
        var end = to ?? Simple(text).Length;
        return from >= 0 && from <= end && end <= Simple(text).Length
            ? JsonValue.Create(text[(int)from..(int)end])
            : throw new ExpressionException($"index out of range: {(from < 0 || from > text.Length ? from : end)}");
    }

    private static JsonValue Place(Frame frame, string text, int at)
    {
        frame.Spend(Values.Steps(text.Length));
        return JsonValue.Create((long)at);
    }

    /// <summary>Texts with a value for each <c>%s</c> and <c>%d</c>.</summary>
    private static JsonValue Format(Frame frame, string text, JsonNode? values)
    {
        var rest = new Queue<JsonNode?>(values as JsonArray ?? throw new ExpressionException("no such overload: format() needs a list"));
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            var clause = i < text.Length ? text[i] : ' ';
            if (clause == '%')
            {
                result.Append('%');
                continue;
            }

            if (clause is not ('s' or 'd'))
            {
                throw new ExpressionException($"could not parse formatting clause: this server knows %s and %d, not %{clause}");
            }

            if (!rest.TryDequeue(out var value))
            {
                throw new ExpressionException("index out of range: format() has more clauses than values");
            }

            var shown = value is JsonArray or JsonObject or null && clause == 's' ? JsonKinds.Show(value)
                : clause == 's' || value?.GetValueKind() == JsonValueKind.Number ? Values.Show(value)
                : throw new ExpressionException("error during formatting: decimal clause can only be used on integers");
            frame.Spend(Values.Steps(shown.Length));
            result.Append(shown);
        }

        frame.Spend(Values.Steps(text.Length));
        return JsonValue.Create(result.ToString());
    }

    private static string Simple(string text) =>
        text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') ? throw new ExpressionException("places in a text with characters beyond the basic plane are not supported") : text;

    private static long Whole(JsonNode? node) => Calculation.Integer(node) ?? throw new ExpressionException("no such overload: an integer is needed");
}
