using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Godwit.Types;

/// <summary>Rules for names and label values.</summary>
public static class Names
{
    public const int LabelLimit = 63;

    private static readonly SearchValues<char> LowerAlphanumeric =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    private static readonly SearchValues<char> LabelCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Lower-case letters, digits and dashes, at most 63, a letter or digit at both ends.</summary>
    public static bool IsDnsLabel(string? text) =>
        text is { Length: > 0 and <= LabelLimit }
        && !text.AsSpan().ContainsAnyExcept(LabelCharacters)
        && LowerAlphanumeric.Contains(text[0])
        && LowerAlphanumeric.Contains(text[^1]);

    /// <summary>DNS labels joined by dots, at most 253 characters.</summary>
    public static bool IsDnsSubdomain(string? text) =>
        text is { Length: > 0 and <= 253 } && Array.TrueForAll(text.Split('.'), IsDnsLabel);

    /// <summary>Empty, or at most 63 of letters, digits, dash, dot and underscore with a letter or digit at both ends.</summary>
    public static bool IsLabelValue(string? text) =>
        text is { Length: 0 }
        || (text is { Length: <= LabelLimit }
            && char.IsAsciiLetterOrDigit(text[0])
            && char.IsAsciiLetterOrDigit(text[^1])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'));

    /// <summary>A name, with an optional DNS prefix and a slash before it.</summary>
    public static bool IsLabelKey(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var name = text[(slash + 1)..];
        return name.Length > 0 && IsLabelValue(name) && (slash < 0 || IsDnsSubdomain(text[..slash]));
    }

    /// <summary>
    /// A name as a label value: itself where it fits, else its beginning with a hash of the whole, so that two long
    /// names that begin alike stay apart.
    /// </summary>
    public static string ToLabelValue(string name)
    {
        if (name.Length <= LabelLimit)
        {
            return name;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8];
        return $"{name[..(LabelLimit - 9)].TrimEnd('-', '.')}-{hash}";
    }

    /// <summary>A name as a host name: up to the first dot and at most 63 characters.</summary>
    public static string ToHostname(string name)
    {
        var first = name.Split('.')[0];
        return first.Length <= LabelLimit ? first : first[..LabelLimit].TrimEnd('-');
    }
}
