using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Expressions;

/// <summary>Arithmetic: integers of 64 bits and fractions are two kinds of numbers, which compare with each other but do not mix.</summary>
internal static class Calculation
{
    public static JsonNode? Apply(Frame frame, JsonNode? left, string op, JsonNode? right)
    {
        try
        {
            return (Read(left), Read(right)) switch
            {
                ((long a, _), (long b, _)) => JsonValue.Create(Integers(a, op, b)),
                ((_, double a), (_, double b)) when op != "%" => JsonValue.Create(op switch { "+" => a + b, "-" => a - b, "*" => a * b, _ => a / b }),
                _ when op == "+" => Joined(frame, left, right),
                _ => throw new ExpressionException($"no such overload: '{op}'"),
            };
        }
        catch (OverflowException)
        {
            throw new ExpressionException("integer overflow");
        }
    }

    public static JsonNode Negate(JsonNode? node, bool negative)
    {
        var (integer, fraction) = Read(node);
        return integer is { } i ? JsonValue.Create(!negative ? i : i != long.MinValue ? -i : throw new ExpressionException("integer overflow"))
            : fraction is { } d ? JsonValue.Create(negative ? -d : d)
            : throw new ExpressionException("no such overload: '-'");
    }

    /// <summary>Which of two numbers is greater; null when they are not both numbers.</summary>
    public static int? Order(JsonNode? left, JsonNode? right) => (Read(left), Read(right)) switch
    {
        ((long a, _), (long b, _)) => a.CompareTo(b),
        ((var a, var x), (var b, var y)) when (a is not null || x is not null) && (b is not null || y is not null) => (x ?? a!.Value).CompareTo(y ?? b!.Value),
        _ => null,
    };

    public static JsonNode ToInteger(JsonNode? node)
    {
        var (integer, fraction) = Read(node);
        return integer is { } i ? JsonValue.Create(i)
            : fraction is { } d ? JsonValue.Create(Math.Abs(d) < 9.2e18 ? (long)d : throw new ExpressionException("integer overflow"))
            : long.TryParse(Values.Text(node), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var read) ? JsonValue.Create(read)
            : throw new ExpressionException($"type conversion error from 'string' to 'int': {Values.Text(node)}");
    }

    public static JsonNode ToDouble(JsonNode? node)
    {
        var (integer, fraction) = Read(node);
        return fraction is { } d ? JsonValue.Create(d)
            : integer is { } i ? JsonValue.Create((double)i)
            : double.TryParse(Values.Text(node), NumberStyles.Float, CultureInfo.InvariantCulture, out var read) ? JsonValue.Create(read)
            : throw new ExpressionException($"type conversion error from 'string' to 'double': {Values.Text(node)}");
    }

    public static string Show(JsonNode node)
    {
        var (integer, fraction) = Read(node);
        return integer?.ToString(CultureInfo.InvariantCulture) ?? fraction!.Value.ToString("R", CultureInfo.InvariantCulture);
    }

    public static long? Integer(JsonNode? node) => Read(node).Integer;

    private static long Integers(long a, string op, long b) => op switch
    {
        "+" => checked(a + b),
        "-" => checked(a - b),
        "*" => checked(a * b),
        "/" => b != 0 ? a / b : throw new ExpressionException("division by zero"),
        _ => b != 0 ? a % b : throw new ExpressionException("modulus by zero"),
    };

    private static JsonNode Joined(Frame frame, JsonNode? left, JsonNode? right)
    {
        if (left is JsonArray a && right is JsonArray b)
        {
            return new JsonArray([.. a.Concat(b).Select(item => Values.Copy(frame, item))]);
        }

        if (left?.GetValueKind() != JsonValueKind.String || right?.GetValueKind() != JsonValueKind.String)
        {
            throw new ExpressionException("no such overload: '+'");
        }

        var (x, y) = (Values.Text(left), Values.Text(right));
        frame.Spend(Values.Steps(x.Length + y.Length));
        return JsonValue.Create(x + y);
    }

    // What was written with a point is a fraction, as in Go.
    private static (long? Integer, double? Fraction) Read(JsonNode? node)
    {
        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number)
        {
            return (null, null);
        }

        if (value.TryGetValue<long>(out var integer))
        {
            return (integer, null);
        }

        if (value.TryGetValue<double>(out var fraction))
        {
            return (null, fraction);
        }

        var text = value.ToJsonString();
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out integer)
            ? (integer, null)
            : (null, double.Parse(text, CultureInfo.InvariantCulture));
    }
}
