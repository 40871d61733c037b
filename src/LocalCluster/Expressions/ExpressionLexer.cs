using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Godwit.LocalCluster.Expressions;

/// <summary>Cuts an expression into its tokens.</summary>
internal static partial class ExpressionLexer
{
    private const int MaxLength = 100_000;

    /// <exception cref="FormatException">There is something in it that is no token.</exception>
    public static List<string> Tokens(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new FormatException($"expression code point size exceeds limit: size: {text.Length}, limit {MaxLength}");
        }

        var tokens = new List<string>();
        var end = 0;
        foreach (Match match in Token().Matches(text))
        {
            if (match.Index != end)
            {
                throw ExpressionParser.Unsupported(text[end..match.Index]);
            }

            end = match.Index + match.Length;
            if (!char.IsWhiteSpace(match.Value[0]) && !match.Value.StartsWith("//", StringComparison.Ordinal))
            {
                tokens.Add(match.Value);
            }
        }

        return end == text.Length && tokens.Count > 0 ? tokens : throw ExpressionParser.Unsupported(text[end..]);
    }

    public static bool IsText(string token) => token[0] is '\'' or '"' || (token.Length > 1 && token[0] is 'r' or 'R' && token[1] is '\'' or '"');

    public static bool IsName(string token) => (char.IsAsciiLetter(token[0]) || token[0] == '_') && !IsText(token);

    /// <summary>The text that a literal stands for.</summary>
    /// <exception cref="FormatException">An escape in it is unknown.</exception>
    public static string Unquote(string token)
    {
        if (token[0] is 'r' or 'R')
        {
            return token[2..^1];
        }

        var inner = token.AsSpan(1, token.Length - 2);
        var text = new StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] != '\\')
            {
                text.Append(inner[i]);
                continue;
            }

            i++;
            var digits = inner[i] switch { 'u' => 4, 'U' => 8, 'x' or 'X' => 2, _ => 0 };
            if (digits > 0)
            {
                text.Append(i + digits < inner.Length && int.TryParse(inner.Slice(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && Rune.IsValid(code)
                    ? new Rune(code).ToString()
                    : throw Escape(inner[i]));
                i += digits;
                continue;
            }

            text.Append(inner[i] switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'a' => '\a',
                'b' => '\b',
                'f' => '\f',
                'v' => '\v',
                '\\' or '\'' or '"' or '?' or '`' => inner[i],
                _ => throw Escape(inner[i]),
            });
        }

        return text.ToString();
    }

    private static FormatException Escape(char name) => new($"unable to unescape string: \\{name}");

    [GeneratedRegex("""\s+|//[^\n]*|[rR]'[^'\r\n]*'|[rR]"[^"\r\n]*"|'(\\.|[^'\\\r\n])*'|"(\\.|[^"\\\r\n])*"|\d+(\.\d+)?([eE][+-]?\d+)?|[A-Za-z_][A-Za-z0-9_]*|&&|\|\||==|!=|<=|>=|[-+*/%<>!()\[\]{}.,?:]""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();
}
