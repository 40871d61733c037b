using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace Godwit.Machinery;

/// <summary>How a quantity is written.</summary>
public enum QuantityFormat
{
    /// <summary><c>m</c>, none, <c>k</c>, <c>M</c>, <c>G</c>…</summary>
    DecimalSI,

    /// <summary><c>Ki</c>, <c>Mi</c>, <c>Gi</c>…</summary>
    BinarySI,

    /// <summary><c>e3</c>, <c>e6</c>…</summary>
    DecimalExponent,
}

/// <summary>
/// A Kubernetes quantity such as <c>100m</c>, <c>1Gi</c> or <c>12e6</c>: exact to a billionth (finer parts round away from
/// zero), comparable whatever the notation, written in Kubernetes' canonical form.
/// </summary>
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    private const string DecimalSuffixes = "num kMGTPE";
    private const int Scale = 9;
    private static readonly BigInteger Unit = BigInteger.Pow(10, Scale);
    private static readonly BigInteger Largest = long.MaxValue * Unit;
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private readonly BigInteger _billionths;

    private Quantity(BigInteger billionths, QuantityFormat format)
    {
        // Kubernetes cuts at what an int64 holds.
        _billionths = BigInteger.Clamp(billionths, -Largest, Largest);
        Format = format;
    }

    /// <summary>Nothing.</summary>
    public static Quantity Zero => default;

    /// <summary>Notation that it was given in, and is written in where that is possible.</summary>
    public QuantityFormat Format { get; }

    public bool IsZero => _billionths.IsZero;

    public int Sign => _billionths.Sign;

    /// <summary>The whole number, rounded away from zero: a request is never rounded down to less.</summary>
    public long Value => (long)RoundAway(_billionths, Unit);

    /// <summary>Thousandths, rounded away from zero.</summary>
    public long MilliValue => (long)BigInteger.Min(long.MaxValue, BigInteger.Max(long.MinValue, RoundAway(_billionths, Unit / 1000)));

    public double ToDouble() => (double)_billionths / (double)Unit;

    public static Quantity FromBytes(long bytes) => new(bytes * Unit, QuantityFormat.BinarySI);

    public static Quantity FromMilli(long thousandths) => new(thousandths * (Unit / 1000), QuantityFormat.DecimalSI);

    public static Quantity From(long value, QuantityFormat format = QuantityFormat.DecimalSI) => new(value * Unit, format);

    /// <summary>Reads a quantity as Kubernetes does.</summary>
    public static Quantity Parse(string text) => TryParse(text, out var result)
        ? result
        : throw new FormatException(
            $"\"{text}\" is not a quantity: a number with an optional suffix (m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei) or exponent is expected.");

    /// <summary>Reads a quantity as Kubernetes does; false when the text is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Quantity result)
    {
        result = default;
        var rest = text.AsSpan();
        var negative = false;
        if (rest.Length > 0 && rest[0] is '+' or '-')
        {
            negative = rest[0] == '-';
            rest = rest[1..];
        }

        var digits = rest.IndexOfAnyExcept(NumberCharacters);
        var number = digits < 0 ? rest : rest[..digits];
        var suffix = digits < 0 ? default : rest[digits..];
        var point = number.IndexOf('.');
        if (number.Length == 0 || number.Length > 200 || number.Length == 1 && point == 0 || point >= 0 && number[(point + 1)..].Contains('.')
            || !TrySuffix(suffix, out var binary, out var exponent, out var format))
        {
            return false;
        }

        var fraction = point < 0 ? 0 : number.Length - point - 1;
        var mantissa = BigInteger.Parse($"0{number[..(point < 0 ? number.Length : point)]}{(point < 0 ? "" : number[(point + 1)..])}", CultureInfo.InvariantCulture);
        mantissa <<= binary;
        var shift = exponent + Scale - fraction;
        if (shift > 400)
        {
            shift = 400;
        }

        var billionths = shift >= 0
            ? mantissa * BigInteger.Pow(10, shift)
            : RoundAway(mantissa, BigInteger.Pow(10, Math.Min(-shift, 1000)));
        result = new(negative ? -billionths : billionths, format);
        return true;
    }

    public static Quantity operator +(Quantity left, Quantity right) =>
        new(left._billionths + right._billionths, left.IsZero ? right.Format : left.Format);

    public static Quantity operator -(Quantity left, Quantity right) =>
        new(left._billionths - right._billionths, left.IsZero ? right.Format : left.Format);

    public static Quantity operator -(Quantity value) => new(-value._billionths, value.Format);

    public static Quantity operator *(Quantity left, long factor) => new(left._billionths * factor, left.Format);

    public static Quantity Add(Quantity left, Quantity right) => left + right;

    public static Quantity Subtract(Quantity left, Quantity right) => left - right;

    public static Quantity Negate(Quantity value) => -value;

    public static Quantity Multiply(Quantity left, long factor) => left * factor;

    public static bool operator ==(Quantity left, Quantity right) => left.Equals(right);

    public static bool operator !=(Quantity left, Quantity right) => !left.Equals(right);

    public static bool operator <(Quantity left, Quantity right) => left.CompareTo(right) < 0;

    public static bool operator <=(Quantity left, Quantity right) => left.CompareTo(right) <= 0;

    public static bool operator >(Quantity left, Quantity right) => left.CompareTo(right) > 0;

    public static bool operator >=(Quantity left, Quantity right) => left.CompareTo(right) >= 0;

    public static Quantity Max(Quantity left, Quantity right) => left >= right ? left : right;

    /// <summary>Same amount, whatever the notation.</summary>
    public bool Equals(Quantity other) => _billionths == other._billionths;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _billionths.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(Quantity other) => _billionths.CompareTo(other._billionths);

    /// <summary>The canonical form: no fraction, the largest suffix that allows it.</summary>
    public override string ToString()
    {
        if (IsZero)
        {
            return "0";
        }

        if (Format == QuantityFormat.BinarySI && BigInteger.Abs(_billionths) >= 1024 * Unit)
        {
            return Binary(RoundAway(_billionths, Unit));
        }

        var mantissa = _billionths;
        var exponent = -Scale;
        while (exponent < 18 && mantissa % 1000 == 0)
        {
            mantissa /= 1000;
            exponent += 3;
        }

        if (Format == QuantityFormat.DecimalExponent)
        {
            return exponent == 0 ? mantissa.ToString(CultureInfo.InvariantCulture) : $"{mantissa}e{exponent}";
        }

        var suffix = DecimalSuffixes[(exponent + Scale) / 3];
        return suffix == ' ' ? mantissa.ToString(CultureInfo.InvariantCulture) : $"{mantissa}{suffix}";
    }

    private static string Binary(BigInteger value)
    {
        var step = 0;
        while (step < BinarySuffixes.Length - 1 && value % 1024 == 0)
        {
            value /= 1024;
            step++;
        }

        return $"{value}{BinarySuffixes[step]}";
    }

    private static BigInteger RoundAway(BigInteger value, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(value, divisor, out var remainder);
        return remainder.IsZero ? quotient : quotient + remainder.Sign;
    }

    private static bool TrySuffix(ReadOnlySpan<char> suffix, out int binary, out int exponent, out QuantityFormat format)
    {
        binary = 0;
        exponent = 0;
        format = QuantityFormat.DecimalSI;
        if (suffix.Length == 0)
        {
            return true;
        }

        if (suffix.Length == 2 && suffix[1] == 'i')
        {
            format = QuantityFormat.BinarySI;
            binary = 10 * ("KMGTPE".IndexOf(suffix[0], StringComparison.Ordinal) + 1);
            return binary > 0;
        }

        if (suffix.Length == 1)
        {
            var position = DecimalSuffixes.IndexOf(suffix[0], StringComparison.Ordinal);
            exponent = (position * 3) - Scale;
            return position >= 0 && suffix[0] != ' ';
        }

        format = QuantityFormat.DecimalExponent;
        return suffix[0] is 'e' or 'E'
            && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
            && exponent is > -1000 and < 1000;
    }
}
