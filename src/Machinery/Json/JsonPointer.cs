using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>RFC 6901: the path to a place in a document.</summary>
public sealed class JsonPointer
{
    private readonly string[] _tokens;

    private JsonPointer(string[] tokens) => _tokens = tokens;

    /// <summary>The steps, unescaped.</summary>
    public IReadOnlyList<string> Tokens => _tokens;

    /// <summary>The whole document.</summary>
    public bool IsRoot => _tokens.Length == 0;

    /// <summary>The last step.</summary>
    public string Last => _tokens[^1];

    /// <summary>Reads a pointer's text form.</summary>
    public static JsonPointer Parse(string text)
    {
        if (text.Length == 0)
        {
            return new([]);
        }

        if (text[0] != '/')
        {
            throw new JsonPatchException($"the path \"{text}\" does not begin with \"/\"");
        }

        return new([.. text[1..].Split('/').Select(token => Unescape(token, text))]);
    }

    /// <summary>A pointer to the place that these member names lead to.</summary>
    public static JsonPointer Of(params string[] tokens) => new(tokens);

    /// <summary>One step in the form that pointers are written in.</summary>
    public static string Escape(string token) => token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>Whether this place lies within the other, or is the same.</summary>
    public bool IsWithin(JsonPointer other) =>
        _tokens.Length >= other._tokens.Length && _tokens.AsSpan(0, other._tokens.Length).SequenceEqual(other._tokens);

    /// <summary>The node at this place; false when there is none (a JSON null is there and is null).</summary>
    public bool TryGet(JsonNode? root, out JsonNode? node)
    {
        node = root;
        foreach (var token in _tokens)
        {
            if (!TryStep(node, token, out node))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The node that holds the last step; false when there is none.</summary>
    public bool TryGetParent(JsonNode? root, out JsonNode? parent) => new JsonPointer(_tokens[..^1]).TryGet(root, out parent);

    /// <inheritdoc/>
    public override string ToString() => string.Concat(_tokens.Select(static t => "/" + Escape(t)));

    /// <summary>A list position: digits without leading zeros, as the RFC has it.</summary>
    internal static bool TryIndex(string token, out int index)
    {
        index = 0;
        return token.Length > 0
            && (token.Length == 1 || token[0] != '0')
            && token.All(char.IsAsciiDigit)
            && int.TryParse(token, out index);
    }

    private static bool TryStep(JsonNode? node, string token, out JsonNode? next)
    {
        next = null;
        switch (node)
        {
            case JsonObject members:
                return members.TryGetPropertyValue(token, out next);
            case JsonArray items when TryIndex(token, out var index) && index < items.Count:
                next = items[index];
                return true;
            default:
                return false;
        }
    }

    private static string Unescape(string token, string path)
    {
        for (var i = token.IndexOf('~', StringComparison.Ordinal); i >= 0; i = token.IndexOf('~', i + 1))
        {
            if (i + 1 == token.Length || token[i + 1] is not ('0' or '1'))
            {
                throw new JsonPatchException($"the path \"{path}\" has a \"~\" that is followed by neither 0 nor 1");
            }
        }

        return token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
    }
}
