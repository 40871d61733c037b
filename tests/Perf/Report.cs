using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.Perf;

/// <summary>The figures of one run. Nothing is left out: every single value goes into the JSON.</summary>
internal sealed class Report
{
    private readonly List<(string Name, string Unit, List<double> Values, double? Aim)> _rows = [];
    private readonly List<string> _notes = [];
    private readonly List<string> _loads = [];

    public void Add(string name, string unit, double value, double? aim = null)
    {
        if (double.IsNaN(value))
        {
            Note($"{name}: no figure");
            return;
        }

        var row = _rows.Find(r => r.Name == name);
        if (row.Values is null)
        {
            _rows.Add(row = (name, unit, [], aim));
        }

        row.Values.Add(Math.Round(value, 2));
    }

    public void Note(string text) => _notes.Add(text);

    /// <summary>What else the machine was doing: figures of a loaded machine are worth little alone.</summary>
    public void Load(string moment) => _loads.Add($"{moment}: {File.ReadAllText("/proc/loadavg").Trim()}");

    public double? Median(string name) => _rows.Find(r => r.Name == name).Values is { Count: > 0 } values ? MedianOf(values) : null;

    /// <summary>The median of one row against that of another, as difference and ratio.</summary>
    public void Compare(string name, string ours, string bare, string unit, double aim)
    {
        if (Median(ours) is { } a && Median(bare) is { } b)
        {
            Add($"{name}: Godwit minus bare", unit, a - b, aim);
            Add($"{name}: Godwit / bare", "x", b == 0 ? 0 : a / b);
        }
    }

    public void Print(TextWriter to)
    {
        var width = _rows.Count == 0 ? 0 : _rows.Max(r => r.Name.Length);
        to.WriteLine($"{"".PadRight(width)}  {"unit",-6} {"min",10} {"median",10} {"max",10} {"aim",8}   n");
        foreach (var (name, unit, values, aim) in _rows)
        {
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name.PadRight(width)}  {unit,-6} {values.Min(),10:0.##} {MedianOf(values),10:0.##} {values.Max(),10:0.##} {aim,8:0.##} {values.Count,3}"));
        }

        foreach (var line in _loads.Select(l => $"load {l}").Concat(_notes))
        {
            to.WriteLine(line);
        }
    }

    public JsonObject ToJson()
    {
        var rows = new JsonArray();
        foreach (var (name, unit, values, aim) in _rows)
        {
            rows.Add((JsonNode)new JsonObject
            {
                ["name"] = name,
                ["unit"] = unit,
                ["median"] = MedianOf(values),
                ["values"] = new JsonArray([.. values.Select(v => (JsonNode)v)]),
                ["aim"] = aim,
            });
        }

        return new JsonObject
        {
            ["processors"] = Environment.ProcessorCount,
            ["loads"] = new JsonArray([.. _loads.Select(l => (JsonNode)l)]),
            ["notes"] = new JsonArray([.. _notes.Select(n => (JsonNode)n)]),
            ["figures"] = rows,
        };
    }

    public static double MedianOf(IReadOnlyCollection<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
