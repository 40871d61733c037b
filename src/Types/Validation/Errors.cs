namespace Godwit.Types;

/// <summary>Collects field errors.</summary>
internal sealed class Errors
{
    private readonly List<FieldError> _found = [];

    public void Add(string path, string message, string remedy = "", string reason = FieldError.Invalid) =>
        _found.Add(new FieldError(path, message, remedy, reason));

    public void Required(string path, string remedy) =>
        Add(path, $"{path} is missing", remedy, FieldError.Required);

    /// <summary>The value, when there is one, must be one of the choices.</summary>
    public void OneOf(string path, string? value, params ReadOnlySpan<string> choices)
    {
        if (!string.IsNullOrEmpty(value) && !choices.Contains(value))
        {
            Add(
                path,
                $"{path} is set with an unrecognized option: {value}",
                $"Use one of {string.Join(", ", choices.ToArray())}.",
                FieldError.NotSupported);
        }
    }

    /// <summary>Each name must be a DNS label and appear once.</summary>
    public void UniqueNames(string list, IEnumerable<string?> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var name in names)
        {
            var path = $"{list}[{index++}].name";
            if (string.IsNullOrEmpty(name))
            {
                Required(path, "Give it a name.");
            }
            else if (!Names.IsDnsLabel(name))
            {
                Add(path, $"'{name}' is not a DNS label", "Use at most 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit.");
            }
            else if (!seen.Add(name))
            {
                Add(path, $"{path} '{name}' appears twice", "Names in this list must differ.", FieldError.Duplicate);
            }
        }
    }

    /// <summary>The quantity, when there is one, must be readable and above zero.</summary>
    public long? PositiveQuantity(string path, string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (!Sizes.TryWhole(text, out var value))
        {
            Add(path, $"'{text}' is not a quantity", "Write it as a number with a unit, such as 512Mi or 2G.");
            return null;
        }

        if (value > 0)
        {
            return value;
        }

        Add(path, $"'{text}' must be greater than 0", "Give it a size.");
        return null;
    }

    public IReadOnlyList<FieldError> ToList() => _found;
}
