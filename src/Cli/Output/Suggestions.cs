namespace Godwit.Cli.Output;

/// <summary>Finds the name that was probably meant.</summary>
public static class Suggestions
{
    /// <summary>A sentence that offers the nearest of the known names, or lists what there is.</summary>
    public static string? For(string word, IReadOnlyCollection<string> known, string what)
    {
        if (known.Count == 0)
        {
            return $"There is no {what} at all.";
        }

        var nearest = known.MinBy(name => Distance(word, name))!;
        return Distance(word, nearest) <= Math.Max(2, word.Length / 3)
            ? $"Did you mean {nearest}?"
            : $"Known: {string.Join(", ", known.Order(StringComparer.Ordinal).Take(10))}{(known.Count > 10 ? ", …" : "")}";
    }

    /// <summary>Edits (insert, delete, replace) between two words.</summary>
    public static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
