using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

internal sealed partial class ExpressionParser
{
    private static readonly Dictionary<string, string> Escapes = new(StringComparer.Ordinal)
    {
        ["__underscores__"] = "__",
        ["__dot__"] = ".",
        ["__dash__"] = "-",
        ["__slash__"] = "/",
    };

    private static readonly string[] Reserved =
    [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ];

    /// <summary>Fields, indexes and calls after a value.</summary>
    private Term Postfix(Term target)
    {
        while (_at < _tokens.Count)
        {
            if (Take("["))
            {
                var optional = Take("?");
                var index = Choice();
                Expect("]");
                target = Indexed(target, index, optional);
            }
            else if (Take("."))
            {
                var optional = Take("?");
                var name = Next();
                target = !optional && _at < _tokens.Count && _tokens[_at] == "(" ? Method(target, name) : Selected(target, Field(name), optional);
            }
            else
            {
                break;
            }
        }

        return target;
    }

    private static Term Selected(Term of, string name, bool optional) =>
        (optional || of.Optional
            ? Open(of, (_, value) => Values.Select(value, name, orAbsent: true))
            : Term.Of(f => Values.Select(of.Value(f), name, orAbsent: false), ExpressionKind.Any, of)) with
        {
            Presence = f => of.Value(f) is var value && !ReferenceEquals(value, Values.Absent) && Values.Has(value, name),
        };

    private static Term Indexed(Term of, Term index, bool optional) => optional || of.Optional
        ? Open(of, (f, value) => Values.Index(value, index.Value(f), orAbsent: true), index)
        : Term.Of(f => Values.Index(of.Value(f), index.Value(f), orAbsent: false), ExpressionKind.Any, of, index);

    /// <summary>A value that may be absent: what is asked of an absent one is absent too.</summary>
    private static Term Open(Term of, Func<Frame, JsonNode?, JsonNode?> next, params ReadOnlySpan<Term> parts)
    {
        // The arguments are checked as any others; only the value itself may be open.
        var depth = Term.Of(of.Value, ExpressionKind.Any, parts).Depth;
        return new Term(
            f => of.Value(f) is var value && ReferenceEquals(value, Values.Absent) ? Values.Absent : next(f, value),
            Depth: Term.Below(Math.Max(depth, of.Depth)))
        {
            Optional = true,
        };
    }

    private Term Method(Term target, string name)
    {
        Expect("(");
        if (target.Optional)
        {
            return OptionalMethod(target, name);
        }

        if (name is "all" or "exists" or "exists_one" or "existsOne" or "map" or "filter")
        {
            return Macro(target, name);
        }

        var arguments = Arguments(")");
        if (name == "size" && arguments.Count == 0)
        {
            return Term.Of(f => JsonValue.Create(Values.Size(target.Value(f))), ExpressionKind.Number, target);
        }

        if (name == "join" && arguments.Count <= 1)
        {
            return Term.Of(
                f => TextFunctions.Join(f, target.Value(f), arguments.Count == 0 ? "" : Values.Text(arguments[0].Value(f))), ExpressionKind.Text, [target, .. arguments]);
        }

        var function = TextFunctions.Find(name, arguments.Count) ?? throw Unsupported($"function {name}");
        if (name == "matches" && arguments[0].Kind == ExpressionKind.Text && arguments[0].Depth == 1)
        {
            return Matching(target, Values.Text(arguments[0].Value(new Frame(new ExpressionScope(new Dictionary<string, JsonNode?>())))));
        }

        return Term.Of(
            f => function.Apply(f, Values.Text(target.Value(f)), [.. arguments.Select(a => a.Value(f))]), function.Gives, [target, .. arguments]);
    }

    /// <summary>A literal pattern is read once, and refused when it is none.</summary>
    private static Term Matching(Term target, string pattern)
    {
        try
        {
            var regex = Schema.StructuralSchemaParser.Pattern(pattern);
            return Term.Of(f => TextFunctions.IsMatch(f, Values.Text(target.Value(f)), regex), ExpressionKind.Boolean, target);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"invalid matches argument: {e.Message}", e);
        }
    }

    private Term OptionalMethod(Term target, string name)
    {
        switch (name)
        {
            case "orValue":
                var otherwise = Choice();
                Expect(")");
                // The value that is open is closed here, so it is no part of a kind that may not be.
                return Term.Of(
                    f => target.Value(f) is var value && ReferenceEquals(value, Values.Absent) ? otherwise.Value(f) : value,
                    ExpressionKind.Any, otherwise, target with { Optional = false });
            case "hasValue":
                Expect(")");
                return Term.Of(f => JsonValue.Create(!ReferenceEquals(target.Value(f), Values.Absent)), ExpressionKind.Boolean, target with { Optional = false });
            case "value":
                Expect(")");
                return Term.Of(
                    f => target.Value(f) is var value && ReferenceEquals(value, Values.Absent) ? throw new ExpressionException("optional.none() dereference") : value,
                    ExpressionKind.Any, target with { Optional = false });
            default:
                throw Unsupported($"function {name} of an optional value");
        }
    }

    /// <summary>Something about the members of a list, or the keys of a map.</summary>
    private Term Macro(Term target, string name)
    {
        var member = Next();
        if (!ExpressionLexer.IsName(member))
        {
            throw new FormatException("argument must be a simple name");
        }

        Expect(",");
        _variables.Add(member);
        var test = Choice();
        var result = name == "map" && Take(",") ? Choice() : null;
        _variables.RemoveAt(_variables.Count - 1);
        Expect(")");
        Func<Frame, JsonNode?> value = name switch
        {
            "all" => f => JsonValue.Create(Values.Decide(Members(f), m => Values.Truth(test.Value(m)), false)),
            "exists" => f => JsonValue.Create(Values.Decide(Members(f), m => Values.Truth(test.Value(m)), true)),
            "filter" => f => Collect(f, Members(f).Where(m => Values.Truth(test.Value(m))).Select(m => m.Find(member))),
            "map" when result is null => f => Collect(f, Members(f).Select(test.Value)),
            "map" => f => Collect(f, Members(f).Where(m => Values.Truth(test.Value(m))).Select(result!.Value)),
            _ => f => JsonValue.Create(Members(f).Count(m => Values.Truth(test.Value(m))) == 1),
        };
        var kind = name is "map" or "filter" ? ExpressionKind.List : ExpressionKind.Boolean;
        return result is null ? Term.Of(value, kind, target, test) : Term.Of(value, kind, target, test, result);

        IEnumerable<Frame> Members(Frame f)
        {
            foreach (var one in Values.Members(target.Value(f)))
            {
                f.Spend(1);
                yield return f.With(member, one);
            }
        }
    }

    private static JsonArray Collect(Frame f, IEnumerable<JsonNode?> values)
    {
        var list = new JsonArray();
        foreach (var value in values)
        {
            list.Add(Values.Copy(f, value));
        }

        return list;
    }

    private Term Function(string name)
    {
        Expect("(");
        if (name == "has")
        {
            return Has();
        }

        var arguments = Arguments(")");
        if (arguments.Count != 1)
        {
            throw Unsupported($"function {name} of {arguments.Count} arguments");
        }

        var of = arguments[0];
        return name switch
        {
            "size" => Term.Of(f => JsonValue.Create(Values.Size(of.Value(f))), ExpressionKind.Number, of),
            "int" => Term.Of(f => Calculation.ToInteger(of.Value(f)), ExpressionKind.Number, of),
            "double" => Term.Of(f => Calculation.ToDouble(of.Value(f)), ExpressionKind.Number, of),
            "string" => Term.Of(f => JsonValue.Create(Values.Show(of.Value(f))), ExpressionKind.Text, of),
            "dyn" => Term.Of(of.Value, ExpressionKind.Any, of),
            _ => throw Unsupported($"function {name}"),
        };
    }

    /// <summary>Whether the last field of a path is there. What leads to it must be: if not, that is an error as without has().</summary>
    private Term Has()
    {
        var path = Postfix(Primary());
        Expect(")");
        return path.Presence is { } presence
            ? Term.Of(f => JsonValue.Create(presence(f)), ExpressionKind.Boolean, path with { Optional = false })
            : throw new FormatException("invalid argument to has() macro");
    }

    /// <summary>The name of a field: words of the language and signs are written as <c>__namespace__</c>, <c>x__dash__y</c>.</summary>
    private static string Field(string token)
    {
        if (!ExpressionLexer.IsName(token))
        {
            throw Unsupported($".{token}");
        }

        if (token.Length > 4 && token.StartsWith("__", StringComparison.Ordinal) && token.EndsWith("__", StringComparison.Ordinal) && Reserved.Contains(token[2..^2]))
        {
            return token[2..^2];
        }

        foreach (var (escape, sign) in Escapes)
        {
            token = token.Replace(escape, sign, StringComparison.Ordinal);
        }

        return token;
    }
}
