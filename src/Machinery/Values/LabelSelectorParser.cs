namespace Godwit.Machinery;

/// <summary>Reads the query form of label selectors; what cannot be read is refused in the words of a Kubernetes API server.</summary>
internal sealed class LabelSelectorParser(string text)
{
    private const string Operators = "in, notin, =, ==, !=, gt, lt";
    private const string Special = "=!(),><";

    private int _at;

    public IReadOnlyList<LabelRequirement> Parse()
    {
        var result = new List<LabelRequirement>();
        while (Peek().Length > 0)
        {
            if (!IsWord(Peek()) && Peek() != "!")
            {
                throw new SelectorException(Found(Peek(), "!, identifier, or 'end of string'"));
            }

            result.Add(Requirement());
            var token = Next();
            if (token.Length == 0)
            {
                break;
            }

            if (token != ",")
            {
                throw new SelectorException(Found(token, "',' or 'end of string'"));
            }

            if (!IsWord(Peek()) && Peek() != "!")
            {
                throw new SelectorException(Found(Peek(), "identifier after ','"));
            }
        }

        return result;
    }

    private LabelRequirement Requirement()
    {
        var token = Next();
        var isAbsent = token == "!";
        var key = isAbsent ? Next() : token;
        if (!IsWord(key))
        {
            throw Unparsed(Found(key, "identifier"));
        }

        if (isAbsent)
        {
            return new(key, LabelOperator.DoesNotExist, []);
        }

        if (Peek() is "" or ",")
        {
            return new(key, LabelOperator.Exists, []);
        }

        return Next() switch
        {
            "=" or "==" => new(key, LabelOperator.In, [Value()]),
            "!=" => new(key, LabelOperator.NotIn, [Value()]),
            ">" => new(key, LabelOperator.GreaterThan, [Integer()]),
            "<" => new(key, LabelOperator.LessThan, [Integer()]),
            "in" => new(key, LabelOperator.In, Values()),
            "notin" => new(key, LabelOperator.NotIn, Values()),
            var other => throw Unparsed(Found(other, Operators)),
        };
    }

    /// <summary>One value; nothing before the end or a comma is the empty one.</summary>
    private string Value()
    {
        if (Peek() is "" or ",")
        {
            return "";
        }

        var token = Next();
        return IsWord(token) ? token : throw Unparsed(Found(token, "identifier"));
    }

    private string Integer()
    {
        var value = Value();
        return long.TryParse(value, out _)
            ? value
            : throw Unparsed($"values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer");
    }

    private List<string> Values()
    {
        var open = Next();
        if (open != "(")
        {
            throw Unparsed($"found '{open}' expected: '('");
        }

        var values = new SortedSet<string>(StringComparer.Ordinal);
        for (var token = Next(); token != ")"; token = Next())
        {
            // Between two commas, or one and a bracket, stands the empty value.
            if (token == ",")
            {
                values.Add("");
                continue;
            }

            if (!IsWord(token))
            {
                throw Unparsed(Found(token, "',', ')' or identifier"));
            }

            values.Add(token);
            if (Peek() is not ("," or ")"))
            {
                throw Unparsed(Found(Peek(), "',' or ')'"));
            }

            if (Peek() == "," && Next().Length > 0 && Peek() == ")")
            {
                values.Add("");
            }
        }

        return values.Count > 0 ? [.. values] : throw Unparsed("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
    }

    private string Peek()
    {
        var start = _at;
        var token = Next();
        _at = start;
        return token;
    }

    /// <summary>A word, or a run of signs that belong together; empty at the end.</summary>
    private string Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }

        var start = _at;
        if (_at == text.Length)
        {
            return "";
        }

        if (Special.Contains(text[_at], StringComparison.Ordinal))
        {
            _at++;
            if (text[start] is '=' or '!' && _at < text.Length && text[_at] == '=')
            {
                _at++;
            }

            return text[start.._at];
        }

        while (_at < text.Length && !char.IsWhiteSpace(text[_at]) && !Special.Contains(text[_at], StringComparison.Ordinal))
        {
            _at++;
        }

        return text[start.._at];
    }

    private static bool IsWord(string token) => token.Length > 0 && !Special.Contains(token[0], StringComparison.Ordinal);

    private static string Found(string token, string expected) => $"found '{token}', expected: {expected}";

    private static SelectorException Unparsed(string why) => new("unable to parse requirement: " + why);
}
