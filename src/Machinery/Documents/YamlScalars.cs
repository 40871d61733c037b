using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Godwit.Machinery;

/// <summary>What plain scalars stand for: the YAML 1.1 rules that Kubernetes' own tools apply.</summary>
internal static partial class YamlScalars
{
    public static JsonNode? Resolve(Scalar scalar)
    {
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
        {
            return Tagged(scalar, scalar.Tag.Value);
        }

        return scalar.Style == ScalarStyle.Plain && !scalar.Tag.IsNonSpecific
            ? Plain(scalar.Value, scalar)
            : JsonValue.Create(scalar.Value);
    }

    /// <summary>Whether a string written plainly would be read back as something else.</summary>
    public static bool IsAmbiguous(string text) =>
        IsNull(text) || Truth(text) is not null || text is "<<" or "=" || Number(text) is not null || NotFinite(text) || TimeLike().IsMatch(text);

    private static JsonValue? Plain(string text, Scalar scalar)
    {
        if (IsNull(text))
        {
            return null;
        }

        if (Truth(text) is { } truth)
        {
            return JsonValue.Create(truth);
        }

        if (NotFinite(text))
        {
            throw new YamlSyntaxException(scalar.Start.Line, scalar.Start.Column, $"{text} has no counterpart in JSON");
        }

        return Number(text) ?? JsonValue.Create(text);
    }

    private static JsonValue? Tagged(Scalar scalar, string tag)
    {
        switch (tag)
        {
            case "tag:yaml.org,2002:str":
            case "tag:yaml.org,2002:timestamp":
                return JsonValue.Create(scalar.Value);
            case "tag:yaml.org,2002:binary":
                return JsonValue.Create(string.Concat(scalar.Value.Where(static c => !char.IsWhiteSpace(c))));
            case "tag:yaml.org,2002:null" when IsNull(scalar.Value):
                return null;
            case "tag:yaml.org,2002:bool" when Truth(scalar.Value) is { } truth:
                return JsonValue.Create(truth);
            case "tag:yaml.org,2002:int" or "tag:yaml.org,2002:float" when Number(scalar.Value) is { } number:
                return number;
            default:
                throw new YamlSyntaxException(scalar.Start.Line, scalar.Start.Column, $"\"{scalar.Value}\" cannot be read as {tag}");
        }
    }

    private static bool IsNull(string text) => text is "" or "~" or "null" or "Null" or "NULL";

    private static bool? Truth(string text) => text switch
    {
        "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => true,
        "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => false,
        _ => null,
    };

    private static bool NotFinite(string text) => text.TrimStart('+', '-') is ".inf" or ".Inf" or ".INF" || text is ".nan" or ".NaN" or ".NAN";

    private static JsonValue? Number(string text)
    {
        if (text.Length == 0 || !(char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.'))
        {
            return null;
        }

        var plain = text.Replace("_", "", StringComparison.Ordinal);
        return Integer(plain) ?? Float(plain);
    }

    private static JsonValue? Integer(string text)
    {
        var negative = text.StartsWith('-');
        var digits = text.AsSpan(negative || text.StartsWith('+') ? 1 : 0);
        var (radix, skip) = digits switch
        {
            ['0', 'x' or 'X', _, ..] => (16, 2),
            ['0', 'b' or 'B', _, ..] => (2, 2),
            ['0', 'o' or 'O', _, ..] => (8, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        digits = digits[skip..];
        if (digits.Length == 0)
        {
            return null;
        }

        ulong value = 0;
        foreach (var c in digits)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : int.MaxValue;
            if (digit >= radix || value > (ulong.MaxValue - (ulong)digit) / (ulong)radix)
            {
                return null;
            }

            value = (value * (ulong)radix) + (ulong)digit;
        }

        if (!negative)
        {
            return value <= long.MaxValue ? JsonValue.Create((long)value) : JsonValue.Create(value);
        }

        return value <= 1UL << 63 ? JsonValue.Create(unchecked(-(long)value)) : null;
    }

    private static JsonValue? Float(string text)
    {
        if (!FloatLike().IsMatch(text)
            || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || !double.IsFinite(value))
        {
            return null;
        }

        // Whole numbers are written without fraction or exponent, as the JSON of Kubernetes' tools has them.
        return Math.Abs(value) < 1e15 && value == Math.Truncate(value) ? JsonValue.Create((long)value) : JsonValue.Create(value);
    }

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FloatLike();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]|$)|^[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TimeLike();
}
