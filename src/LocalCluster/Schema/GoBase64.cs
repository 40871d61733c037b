namespace Godwit.LocalCluster.Schema;

/// <summary>Finds where base64 text breaks off, as Go's decoder does: its errors name the place.</summary>
internal static class GoBase64
{
    /// <summary>The sentence about text that cannot be decoded; null when it can.</summary>
    /// <param name="text">What should be base64.</param>
    /// <param name="url">In the alphabet for addresses, and without padding.</param>
    public static string? Problem(string text, bool url = false) =>
        BadByteAt(text, url) is { } at ? $"illegal base64 data at input byte {at}" : null;

    private static int? BadByteAt(string text, bool url)
    {
        var at = 0;
        while (true)
        {
            // Four at a time; the last group may be shorter, with padding or without.
            for (var digits = 0; digits < 4; digits++)
            {
                SkipLineEnds(text, ref at);
                if (at == text.Length)
                {
                    return digits == 0 || (url && digits > 1) ? null : at - digits;
                }

                if (!IsDigit(text[at], url))
                {
                    return text[at] == '=' && !url && digits >= 2 ? BadPaddingAt(text, at, digits) : at;
                }

                at++;
            }
        }
    }

    private static int? BadPaddingAt(string text, int at, int digits)
    {
        at++;
        if (digits == 2)
        {
            SkipLineEnds(text, ref at);
            if (at == text.Length)
            {
                return at;
            }

            if (text[at] != '=')
            {
                return at - 1;
            }

            at++;
        }

        SkipLineEnds(text, ref at);
        return at == text.Length ? null : at;
    }

    private static void SkipLineEnds(string text, ref int at)
    {
        while (at < text.Length && text[at] is '\n' or '\r')
        {
            at++;
        }
    }

    private static bool IsDigit(char c, bool url) => char.IsAsciiLetterOrDigit(c) || (url ? c is '-' or '_' : c is '+' or '/');
}
