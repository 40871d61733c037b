using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>Recursive descent over the tokens of an expression; builds the functions that evaluate it.</summary>
internal sealed partial class ExpressionParser(string text, IReadOnlyCollection<string> variables)
{
    private const int MaxNesting = 100;
    private const string Composed = "variables";

    private readonly List<string> _tokens = ExpressionLexer.Tokens(text);
    private readonly List<string> _variables = [.. variables];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private int _at;
    private int _nesting;

    /// <summary>The variables that the expression speaks of, once it is read.</summary>
    public IReadOnlySet<string> Used => _used;

    public Term Parse()
    {
        var result = Choice();
        return _at == _tokens.Count ? Term.Of(result.Value, result.Kind, result) : throw Unsupported(_tokens[_at]);
    }

    public static FormatException Unsupported(string what) => new($"this server's subset of CEL does not know: {what.Trim()}");

    private Term Choice()
    {
        if (++_nesting > MaxNesting)
        {
            throw new FormatException($"expression recursion limit exceeded: {MaxNesting}");
        }

        var condition = Or();
        if (Take("?"))
        {
            var then = Choice();
            Expect(":");
            var otherwise = Choice();
            condition = Conditional(condition, then, otherwise);
        }

        _nesting--;
        return condition;
    }

    private static Term Conditional(Term condition, Term then, Term otherwise) => Term.Of(
        f => Values.Truth(condition.Value(f)) ? then.Value(f) : otherwise.Value(f),
        then.Kind == otherwise.Kind ? then.Kind : ExpressionKind.Any,
        condition, then, otherwise);

    private Term Or() => Logical("||", true, And);

    private Term And() => Logical("&&", false, Relation);

    /// <summary>All parts of a chain side by side. An error in one does not matter when another decides, as the language has it.</summary>
    private Term Logical(string op, bool decisive, Func<Term> operand)
    {
        var first = operand();
        if (_at >= _tokens.Count || _tokens[_at] != op)
        {
            return first;
        }

        var parts = new List<Term> { first };
        while (Take(op))
        {
            parts.Add(operand());
        }

        return Term.Of(f => JsonValue.Create(Values.Decide(parts, p => Values.Truth(p.Value(f)), decisive)), ExpressionKind.Boolean, [.. parts]);
    }

    private Term Relation()
    {
        var left = Sum();
        while (_at < _tokens.Count && _tokens[_at] is "==" or "!=" or "<" or "<=" or ">" or ">=" or "in")
        {
            var op = _tokens[_at++];
            var (a, b) = (left, Sum());
            left = Term.Of(f => JsonValue.Create(Values.Compare(f, a.Value(f), op, b.Value(f))), ExpressionKind.Boolean, a, b);
        }

        return left;
    }

    private Term Sum() => Arithmetic(["+", "-"], Product);

    private Term Product() => Arithmetic(["*", "/", "%"], Unary);

    private Term Arithmetic(string[] operators, Func<Term> operand)
    {
        var left = operand();
        while (_at < _tokens.Count && operators.Contains(_tokens[_at]))
        {
            var op = _tokens[_at++];
            var (a, b) = (left, operand());
            left = Term.Of(f => Calculation.Apply(f, a.Value(f), op, b.Value(f)), a.Kind == b.Kind ? a.Kind : ExpressionKind.Any, a, b);
        }

        return left;
    }

    private Term Unary()
    {
        var op = _at < _tokens.Count && _tokens[_at] is "!" or "-" ? _tokens[_at] : "";
        var count = 0;
        while (op.Length > 0 && Take(op))
        {
            count++;
        }

        var inner = Postfix(Primary());
        return op switch
        {
            "!" => Term.Of(f => JsonValue.Create(Values.Truth(inner.Value(f)) ^ (count % 2 == 1)), ExpressionKind.Boolean, inner),
            "-" => Term.Of(f => Calculation.Negate(inner.Value(f), count % 2 == 1), ExpressionKind.Number, inner),
            _ => inner,
        };
    }

    private Term Primary()
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
            case "{":
                return Map();
            case "true" or "false":
                return new Term(_ => JsonValue.Create(token == "true"), ExpressionKind.Boolean);
            case "null":
                return new Term(static _ => null, ExpressionKind.Null);
            case var literal when ExpressionLexer.IsText(literal):
                var value = ExpressionLexer.Unquote(literal);
                return new Term(_ => JsonValue.Create(value), ExpressionKind.Text);
            case var number when char.IsAsciiDigit(number[0]):
                return Number(number);
            case var name when !_variables.Contains(name) && name != Composed && _at < _tokens.Count && _tokens[_at] == "(":
                return Function(name);
            default:
                return Variable(token);
        }
    }

    private static Term Number(string token)
    {
        if (long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var integer))
        {
            return new Term(_ => JsonValue.Create(integer), ExpressionKind.Number);
        }

        var value = double.Parse(token, NumberStyles.Float, CultureInfo.InvariantCulture);
        return token.All(char.IsAsciiDigit) || !double.IsFinite(value)
            ? throw new FormatException($"invalid int literal: {token}")
            : new Term(_ => JsonValue.Create(value), ExpressionKind.Number);
    }

    private Term Variable(string token)
    {
        var name = token;
        if (token == Composed && !_variables.Contains(token) && Take("."))
        {
            name = $"{Composed}.{Next()}";
        }

        if (!_variables.Contains(name))
        {
            throw Unsupported(name);
        }

        _used.Add(name);
        return new Term(f => f.Find(name));
    }

    private Term List()
    {
        var items = Arguments("]");
        return Term.Of(
            f => new JsonArray([.. items.Select(i => Values.Copy(f, i.Value(f)))]), ExpressionKind.List, [.. items]);
    }

    private Term Map()
    {
        var (keys, values) = (new List<Term>(), new List<Term>());
        while (!Take("}"))
        {
            keys.Add(Choice());
            Expect(":");
            values.Add(Choice());
            if (!Take(","))
            {
                Expect("}");
                break;
            }
        }

        return Term.Of(
            f =>
            {
                var map = new JsonObject();
                for (var i = 0; i < keys.Count; i++)
                {
                    var key = Values.Text(keys[i].Value(f));
                    if (!map.TryAdd(key, Values.Copy(f, values[i].Value(f))))
                    {
                        throw new ExpressionException($"insert failed: key '{key}' already exists");
                    }
                }

                return map;
            },
            ExpressionKind.Map,
            [.. keys, .. values]);
    }

    /// <summary>What stands between brackets that have been opened.</summary>
    private List<Term> Arguments(string close)
    {
        var items = new List<Term>();
        while (!Take(close))
        {
            items.Add(Choice());
            if (!Take(","))
            {
                Expect(close);
                break;
            }
        }

        return items;
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
}
