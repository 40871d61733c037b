using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>
/// The JSONPath of printer columns: fields, indexes, wildcards and comparisons as filters
/// (<c>.status.conditions[?(@.type=="Ready")].status</c>). An unreadable path throws <see cref="FormatException"/>.
/// </summary>
public sealed class JsonPath
{
    private readonly List<Func<IEnumerable<JsonNode?>, IEnumerable<JsonNode?>>> _steps = [];

    private JsonPath()
    {
    }

    public static JsonPath Parse(string text)
    {
        var path = new JsonPath();
        var s = text.Trim();
        if (s.StartsWith('{') && s.EndsWith('}'))
        {
            s = s[1..^1];
        }

        if (s.StartsWith('$'))
        {
            s = s[1..];
        }

        var i = 0;
        while (i < s.Length)
        {
            i = s[i] switch
            {
                '.' => path.ParseField(s, i + 1),
                '[' => path.ParseBracket(s, i),
                _ when i == 0 => path.ParseField(s, 0),
                _ => throw new FormatException($"unexpected character '{s[i]}' at {i} in \"{text}\""),
            };
        }

        return path;
    }

    /// <summary>All nodes found, in document order; nulls and absent fields are left out.</summary>
    public IEnumerable<JsonNode> Select(JsonNode root)
    {
        IEnumerable<JsonNode?> nodes = [root];
        foreach (var step in _steps)
        {
            nodes = step(nodes);
        }

        return nodes.OfType<JsonNode>();
    }

    private int ParseField(string s, int start)
    {
        var end = start;
        var name = new System.Text.StringBuilder();
        while (end < s.Length && s[end] is not ('.' or '['))
        {
            // A backslash keeps the dot of a label key: .metadata.labels.kubernetes\.io/hostname
            if (s[end] == '\\' && end + 1 < s.Length)
            {
                end++;
            }

            name.Append(s[end]);
            end++;
        }

        if (name.Length > 0)
        {
            AddName(name.ToString());
        }

        return end;
    }

    private int ParseBracket(string s, int start)
    {
        var end = Closing(s, start);
        var inner = s[(start + 1)..end].Trim();
        if (inner is "*" or "")
        {
            AddName("*");
        }
        else if (inner.StartsWith('?'))
        {
            AddFilter(inner[1..].Trim());
        }
        else if (inner[0] is '\'' or '"')
        {
            AddName(inner[1..^1]);
        }
        else if (int.TryParse(inner, CultureInfo.InvariantCulture, out var index))
        {
            _steps.Add(nodes => nodes.Select(n => n is JsonArray a ? At(a, index) : null));
        }
        else if (inner.Contains(':', StringComparison.Ordinal))
        {
            AddSlice(inner);
        }
        else
        {
            throw new FormatException($"unrecognized expression \"[{inner}]\"");
        }

        return end + 1;
    }

    private static int Closing(string s, int start)
    {
        var quote = '\0';
        var depth = 0;
        for (var i = start; i < s.Length; i++)
        {
            var c = s[i];
            if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '\'' or '"')
            {
                quote = c;
            }
            else if (c == '[')
            {
                depth++;
            }
            else if (c == ']' && --depth == 0)
            {
                return i;
            }
        }

        throw new FormatException("unterminated array");
    }

    private void AddName(string name) => _steps.Add(name == "*"
        ? nodes => nodes.SelectMany(IEnumerable<JsonNode?> (n) => n switch
        {
            JsonArray a => a,
            JsonObject o => o.Select(p => p.Value),
            _ => [],
        })
        : nodes => nodes.Select(n => n is JsonObject o && o.TryGetPropertyValue(name, out var v) ? v : null));

    private static JsonNode? At(JsonArray array, int index)
    {
        var i = index < 0 ? array.Count + index : index;
        return i >= 0 && i < array.Count ? array[i] : null;
    }

    private void AddSlice(string inner)
    {
        var parts = inner.Split(':');
        var from = parts[0].Length == 0 ? 0 : int.Parse(parts[0], CultureInfo.InvariantCulture);
        int? to = parts[1].Length == 0 ? null : int.Parse(parts[1], CultureInfo.InvariantCulture);
        _steps.Add(nodes => nodes.SelectMany(IEnumerable<JsonNode?> (n) => n is JsonArray a
            ? a.Take(new Range(from < 0 ? Index.FromEnd(-from) : from, to switch { null => Index.End, < 0 => Index.FromEnd(-to.Value), _ => to.Value }))
            : []));
    }

    private void AddFilter(string expression)
    {
        if (!expression.StartsWith('(') || !expression.EndsWith(')'))
        {
            throw new FormatException($"unrecognized filter \"{expression}\"");
        }

        var body = expression[1..^1].Trim();
        string[] operators = ["==", "!=", "<=", ">=", "<", ">"];
        var (at, op) = Operator(body, operators);
        var left = Operand(at < 0 ? body : body[..at]);
        var right = at < 0 ? null : Operand(body[(at + op.Length)..]);
        _steps.Add(nodes => nodes.SelectMany(n => n is JsonArray a ? a : Enumerable.Empty<JsonNode?>())
            .Where(item => item is not null && Matches(left(item), op, right is null ? null : right(item))));
    }

    private static (int At, string Operator) Operator(string body, string[] operators)
    {
        var quote = '\0';
        for (var i = 0; i < body.Length; i++)
        {
            if (quote != '\0')
            {
                quote = body[i] == quote ? '\0' : quote;
                continue;
            }

            if (body[i] is '\'' or '"')
            {
                quote = body[i];
                continue;
            }

            var found = operators.FirstOrDefault(o => string.CompareOrdinal(body, i, o, 0, o.Length) == 0);
            if (found is not null)
            {
                return (i, found);
            }
        }

        return (-1, "");
    }

    private static Func<JsonNode, JsonNode?> Operand(string text)
    {
        var t = text.Trim();
        if (t.StartsWith('@'))
        {
            var path = Parse(t[1..]);
            return item => path.Select(item).FirstOrDefault();
        }

        JsonNode? constant = t switch
        {
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            ['\'', .., '\''] or ['"', .., '"'] => JsonValue.Create(t[1..^1]),
            _ when double.TryParse(t, CultureInfo.InvariantCulture, out var d) => JsonValue.Create(d),
            _ => throw new FormatException($"unrecognized operand \"{t}\""),
        };
        return _ => constant;
    }

    private static bool Matches(JsonNode? left, string op, JsonNode? right)
    {
        if (op.Length == 0)
        {
            return left is not null;
        }

        if (left is null || right is null)
        {
            return false;
        }

        int order;
        if (left.GetValueKind() == JsonValueKind.Number && right.GetValueKind() == JsonValueKind.Number)
        {
            order = Number(left).CompareTo(Number(right));
        }
        else if (left.GetValueKind() == right.GetValueKind())
        {
            order = string.CompareOrdinal(left.ToString(), right.ToString());
        }
        else
        {
            return op == "!=";
        }

        return op switch
        {
            "==" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            ">" => order > 0,
            "<=" => order <= 0,
            _ => order >= 0,
        };
    }

    private static double Number(JsonNode node) => double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);
}
