namespace Godwit.Machinery;

/// <summary>Reads the query form of label selectors.</summary>
internal sealed class LabelSelectorParser(string text)
{
    private int _at;

    public IReadOnlyList<LabelRequirement> Parse()
    {
        var result = new List<LabelRequirement>();
        do
        {
            result.Add(Requirement());
            SkipBlanks();
        }
        while (Take(','));

        return _at == text.Length ? result : throw Unexpected("',' or the end");
    }

    private LabelRequirement Requirement()
    {
        SkipBlanks();
        if (Take('!'))
        {
            return new(Key(), LabelOperator.DoesNotExist, []);
        }

        var key = Key();
        SkipBlanks();
        if (_at == text.Length || text[_at] == ',')
        {
            return new(key, LabelOperator.Exists, []);
        }

        if (Take('!'))
        {
            return Take('=') ? new(key, LabelOperator.NotIn, [Value()]) : throw Unexpected("'='");
        }

        if (Take('='))
        {
            Take('=');
            return new(key, LabelOperator.In, [Value()]);
        }

        if (Take('>'))
        {
            return new(key, LabelOperator.GreaterThan, [Integer(key)]);
        }

        if (Take('<'))
        {
            return new(key, LabelOperator.LessThan, [Integer(key)]);
        }

        return Word() switch
        {
            "in" => new(key, LabelOperator.In, Values()),
            "notin" => new(key, LabelOperator.NotIn, Values()),
            _ => throw Unexpected("in, notin, =, ==, !=, < or >"),
        };
    }

    private string Key()
    {
        SkipBlanks();
        var key = Word();
        return key.Length > 0 ? key : throw Unexpected("a label's name");
    }

    private string Value()
    {
        SkipBlanks();
        return Word();
    }

    private string Integer(string key)
    {
        var value = Value();
        return long.TryParse(value, out _) ? value : throw new SelectorException($"\"{value}\" is no integer, as {key} needs in \"{text}\"");
    }

    private List<string> Values()
    {
        SkipBlanks();
        if (!Take('('))
        {
            throw Unexpected("'('");
        }

        var values = new List<string>();
        do
        {
            values.Add(Value());
            SkipBlanks();
        }
        while (Take(','));

        values.Sort(StringComparer.Ordinal);
        return Take(')') ? values : throw Unexpected("')'");
    }

    private string Word()
    {
        var start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '-' or '_' or '.' or '/'))
        {
            _at++;
        }

        return text[start.._at];
    }

    private bool Take(char c)
    {
        if (_at < text.Length && text[_at] == c)
        {
            _at++;
            return true;
        }

        return false;
    }

    private void SkipBlanks()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }
    }

    private SelectorException Unexpected(string expected) =>
        new($"unable to parse the label selector \"{text}\": at position {_at + 1} {(_at < text.Length ? $"'{text[_at]}'" : "the end")} was found, {expected} expected");
}
