using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Evaluate = System.Func<System.Collections.Generic.IReadOnlyDictionary<string, System.Text.Json.Nodes.JsonNode?>, System.Text.Json.Nodes.JsonNode?>;

namespace Godwit.LocalCluster.Expressions;

/// <summary>Recursive descent over the tokens of an expression; builds the function that evaluates it.</summary>
internal sealed partial class ExpressionParser
{
    private readonly List<string> _tokens = [];
    private readonly List<string> _variables;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private int _at;

    public ExpressionParser(string text, IReadOnlyCollection<string> variables)
    {
        _variables = [.. variables];
        var end = 0;
        foreach (Match match in Token().Matches(text))
        {
            if (match.Index != end)
            {
                throw Unsupported(text[end..match.Index]);
            }

            end = match.Index + match.Length;
            if (!string.IsNullOrWhiteSpace(match.Value))
            {
                _tokens.Add(match.Value);
            }
        }

        if (end != text.Length || _tokens.Count == 0)
        {
            throw Unsupported(text[end..]);
        }
    }

    /// <summary>The variables that the expression speaks of, once it is read.</summary>
    public IReadOnlySet<string> Used => _used;

    public Evaluate Parse()
    {
        var result = Choice();
        return _at == _tokens.Count ? result : throw Unsupported(_tokens[_at]);
    }

    private Evaluate Choice()
    {
        var condition = Or();
        if (!Take("?"))
        {
            return condition;
        }

        var then = Choice();
        Expect(":");
        var otherwise = Choice();
        return v => Truth(condition(v)) ? then(v) : otherwise(v);
    }

    // An error on one side does not matter when the other side decides, as the language has it.
    private Evaluate Or()
    {
        var left = And();
        while (Take("||"))
        {
            var (a, b) = (left, And());
            left = v => Either(() => Truth(a(v)), () => Truth(b(v)), true);
        }

        return left;
    }

    private Evaluate And()
    {
        var left = Comparison();
        while (Take("&&"))
        {
            var (a, b) = (left, Comparison());
            left = v => Either(() => Truth(a(v)), () => Truth(b(v)), false);
        }

        return left;
    }

    private static JsonValue Either(Func<bool> a, Func<bool> b, bool decisive)
    {
        bool first;
        try
        {
            first = a();
        }
        catch (ExpressionException) when (Decides(b, decisive))
        {
            return JsonValue.Create(decisive);
        }

        return JsonValue.Create(first == decisive ? decisive : b());
    }

    private static bool Decides(Func<bool> side, bool decisive)
    {
        try
        {
            return side() == decisive;
        }
        catch (ExpressionException)
        {
            return false;
        }
    }

    private Evaluate Comparison()
    {
        var left = Unary();
        if (_at >= _tokens.Count)
        {
            return left;
        }

        switch (_tokens[_at])
        {
            case "==" or "!=" or "<" or "<=" or ">" or ">=" or "in":
                var op = _tokens[_at++];
                var right = Unary();
                return v => JsonValue.Create(Compare(left(v), op, right(v)));
            default:
                return left;
        }
    }

    private Evaluate Unary()
    {
        if (Take("!"))
        {
            var inner = Unary();
            return v => JsonValue.Create(!Truth(inner(v)));
        }

        return Postfix(Primary());
    }

    private Evaluate Primary()
    {
        var token = Next();
        switch (token)
        {
            case "(":
                var inner = Choice();
                Expect(")");
                return inner;
            case "[":
                return List();
            case "true" or "false":
                return _ => JsonValue.Create(token == "true");
            case "null":
                return _ => null;
            case "has":
                return Has();
            case "size":
                Expect("(");
                var sized = Choice();
                Expect(")");
                return v => JsonValue.Create(Size(sized(v)));
            case ['\'', ..] or ['"', ..]:
                var text = Unquote(token);
                return _ => JsonValue.Create(text);
            case var number when char.IsAsciiDigit(number[0]) || number[0] == '-':
                var value = double.Parse(number, CultureInfo.InvariantCulture);
                return _ => JsonValue.Create(value);
            case var name when _variables.Contains(name):
                _used.Add(name);
                return v => v.TryGetValue(name, out var found) ? found : throw new ExpressionException($"no such variable: {name}");
            default:
                throw Unsupported(token);
        }
    }

    private Evaluate List()
    {
        var items = new List<Evaluate>();
        while (!Take("]"))
        {
            items.Add(Choice());
            if (!Take(","))
            {
                Expect("]");
                break;
            }
        }

        return v => new JsonArray([.. items.Select(i => i(v)?.DeepClone())]);
    }

    private Evaluate Has()
    {
        Expect("(");
        var first = _at;
        var path = Postfix(Primary());
        if (_at - first < 3 || _tokens[_at - 2] != ".")
        {
            throw Unsupported("has() of something other than a field");
        }

        Expect(")");
        return v =>
        {
            try
            {
                path(v);
                return JsonValue.Create(true);
            }
            catch (ExpressionException)
            {
                return JsonValue.Create(false);
            }
        };
    }

    private Evaluate Postfix(Evaluate target)
    {
        while (_at < _tokens.Count)
        {
            var of = target;
            if (Take("["))
            {
                var index = Choice();
                Expect("]");
                target = v => Index(of(v), index(v));
            }
            else if (Take("."))
            {
                var name = Next();
                target = _at < _tokens.Count && _tokens[_at] == "(" ? Method(of, name) : v => Field(of(v), name);
            }
            else
            {
                break;
            }
        }

        return target;
    }

    private Evaluate Method(Evaluate target, string name)
    {
        Expect("(");
        if (name == "size")
        {
            Expect(")");
            return v => JsonValue.Create(Size(target(v)));
        }

        if (name is "all" or "exists")
        {
            return Each(target, name == "all");
        }

        var argument = Choice();
        Expect(")");
        Func<string, string, bool> test = name switch
        {
            "startsWith" => (t, a) => t.StartsWith(a, StringComparison.Ordinal),
            "endsWith" => (t, a) => t.EndsWith(a, StringComparison.Ordinal),
            "contains" => (t, a) => t.Contains(a, StringComparison.Ordinal),
            "matches" => Matches,
            _ => throw Unsupported($"function {name}"),
        };
        return v => JsonValue.Create(test(Text(target(v)), Text(argument(v))));
    }

    /// <summary>What holds for all members of a list (or keys of a map), or for one at least.</summary>
    private Evaluate Each(Evaluate target, bool all)
    {
        var member = Next();
        Expect(",");
        _variables.Add(member);
        var test = Choice();
        _variables.RemoveAt(_variables.Count - 1);
        Expect(")");
        return v =>
        {
            var tests = Members(target(v)).Select(one => Truth(test(new Dictionary<string, JsonNode?>(v, StringComparer.Ordinal) { [member] = one })));
            return JsonValue.Create(all ? tests.All(static t => t) : tests.Any(static t => t));
        };
    }

    private bool Take(string token)
    {
        if (_at < _tokens.Count && _tokens[_at] == token)
        {
            _at++;
            return true;
        }

        return false;
    }

    private string Next() => _at < _tokens.Count ? _tokens[_at++] : throw new FormatException("the expression ends too early");

    private void Expect(string token)
    {
        if (!Take(token))
        {
            throw new FormatException($"'{token}' expected before '{(_at < _tokens.Count ? _tokens[_at] : "the end")}'");
        }
    }

    private static FormatException Unsupported(string what) => new($"this server's subset of CEL does not know: {what.Trim()}");

    private static string Unquote(string token) => token[1..^1].Replace("\\'", "'", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);

    [GeneratedRegex("""\s+|'(\\.|[^'\\])*'|"(\\.|[^"\\])*"|-?\d+(\.\d+)?|[A-Za-z_][A-Za-z0-9_]*|&&|\|\||==|!=|<=|>=|[<>!()\[\].,?:]""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();
}
