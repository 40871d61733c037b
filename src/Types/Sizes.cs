using System.Globalization;
using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>Quantities of the API as whole numbers: bytes of memory, counts of processors.</summary>
public static class Sizes
{
    /// <summary>Whether the text is a quantity at all.</summary>
    public static bool IsQuantity(string text) => Quantity.TryParse(text, out _);

    /// <summary>The value as a whole number; a fraction is rounded away from zero.</summary>
    public static bool TryWhole(string? text, out long value)
    {
        var readable = Quantity.TryParse(text, out var quantity);
        value = quantity.Value;
        return readable;
    }

    /// <summary>The value as a whole number, 0 when there is none or it cannot be read.</summary>
    public static long Whole(string? text) => TryWhole(text, out var value) ? value : 0;

    /// <summary>Thousandths, 0 when there is none or it cannot be read.</summary>
    public static long Milli(string? text) => Quantity.TryParse(text, out var quantity) ? quantity.MilliValue : 0;

    /// <summary>Bytes in the largest binary unit that divides them.</summary>
    public static string Format(long bytes)
    {
        ReadOnlySpan<string> units = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        var unit = 0;
        while (bytes != 0 && unit + 1 < units.Length && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{units[unit]}");
    }
}
