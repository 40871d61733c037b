using System.Text;

namespace Godwit.Cli.Output;

/// <summary>A table as kubectl prints it: left-aligned columns, three blanks between, no lines.</summary>
public sealed class Columns(params string[] headings)
{
    private readonly List<string[]> _rows = [];

    public int Count => _rows.Count;

    public void Add(params string?[] cells) => _rows.Add([.. cells.Select(static c => string.IsNullOrEmpty(c) ? "-" : c)]);

    /// <inheritdoc/>
    public override string ToString()
    {
        var all = _rows.Prepend(headings).ToArray();
        var widths = headings.Select((_, i) => all.Max(row => row[i].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in all)
        {
            for (var i = 0; i < row.Length; i++)
            {
                text.Append(i == row.Length - 1 ? row[i] : row[i].PadRight(widths[i] + 3));
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
