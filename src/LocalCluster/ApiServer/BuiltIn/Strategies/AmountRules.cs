using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>The rules of numbers and of shares in per cent.</summary>
internal static partial class AmountRules
{
    private const string NotNegative = "must be greater than or equal to 0";

    private const string PercentHint =
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

    /// <summary>The numbers under these names of an object may not be negative.</summary>
    public static IEnumerable<FieldError> Counts(JsonNode? owner, string path, params IReadOnlyList<string> names) =>
        from name in names
        let number = owner.Integer(name)
        where number < 0
        select FieldError.Invalid($"{path}.{name}", number.Value.ToString(CultureInfo.InvariantCulture), NotNegative);

    /// <summary>A number that is not negative, or a text like <c>25%</c>.</summary>
    public static IEnumerable<FieldError> IntOrPercent(JsonNode amount, string path)
    {
        if (amount.GetValueKind() != JsonValueKind.String)
        {
            if (amount.Integer() < 0)
            {
                yield return FieldError.Invalid(path, JsonKinds.Show(amount), NotNegative);
            }
        }
        else if (!Percent().IsMatch(amount.Text() ?? ""))
        {
            yield return FieldError.Invalid(path, JsonKinds.Show(amount), PercentHint);
        }
    }

    /// <summary>A share is one of the whole.</summary>
    public static IEnumerable<FieldError> AtMostAll(JsonNode amount, string path)
    {
        if (amount.Text() is { } text && Percent().IsMatch(text)
            && (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent > 100))
        {
            yield return FieldError.Invalid(path, JsonKinds.Show(amount), "must not be greater than 100%");
        }
    }

    [GeneratedRegex("^[0-9]+%\\z", RegexOptions.NonBacktracking)]
    private static partial Regex Percent();
}
