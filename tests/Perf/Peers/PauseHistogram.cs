using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.Perf.Peers;

/// <summary>What the parts of Godwit's pauses cost: above all the swap of the ownership, which bare QMP does not have.</summary>
internal sealed class PauseHistogram
{
    private const int BarWidth = 50;

    // Milliseconds; each bucket ends below the next bound.
    private static readonly double[] Bounds = [0, 2, 4, 6, 8, 10, 12, 15, 20, 30, 50, 100, 200];
    private static readonly (string Name, Func<PauseRecord, double> Read)[] Parts =
    [
        ("last look at the memory", static p => p.LastLook),
        ("word to go on", static p => p.Disks),
        ("rest of memory and devices", static p => p.Rest),
        ("swap of the ownership", static p => p.Swap),
        ("(commit until answered)", static p => p.Commit),
    ];

    private readonly List<PauseRecord> _all = [];

    public int Count => _all.Count;

    public void Add(IEnumerable<PauseRecord> pauses) => _all.AddRange(pauses);

    public void Print(TextWriter to)
    {
        if (_all.Count == 0)
        {
            return;
        }

        to.WriteLine();
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Where Godwit's pauses went, {_all.Count} switchovers, ms"));
        to.WriteLine($"  {"",-28} {"min",7} {"median",7} {"p90",7} {"p99",7} {"max",7}");
        foreach (var (name, read) in Parts)
        {
            var sorted = _all.Select(read).Order().ToList();
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name,-28} {sorted[0],7:0.0} {Report.MedianOf(sorted),7:0.0} {Percentile(sorted, 0.9),7:0.0} {Percentile(sorted, 0.99),7:0.0} {sorted[^1],7:0.0}"));
        }

        to.WriteLine("  swap, how many took so long:");
        var counts = Counts();
        foreach (var (from, count) in counts.Where(static c => c.Count > 0))
        {
            var bar = new string('#', Math.Max(1, count * BarWidth / counts.Max(static c => c.Count)));
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {from,5:0} ms and more {count,5} {bar}"));
        }
    }

    public JsonObject ToJson() => new()
    {
        ["switchovers"] = _all.Count,
        ["swapMs"] = new JsonArray([.. _all.Select(static p => (JsonNode)Math.Round(p.Swap, 2))]),
        ["commitMs"] = new JsonArray([.. _all.Select(static p => (JsonNode)Math.Round(p.Commit, 2))]),
        ["histogram"] = new JsonArray([.. Counts().Select(static c => (JsonNode)new JsonObject { ["fromMs"] = c.From, ["count"] = c.Count })]),
    };

    private List<(double From, int Count)> Counts() =>
        [.. Bounds.Select((from, i) => (from, _all.Count(p => p.Swap >= from && (i + 1 == Bounds.Length || p.Swap < Bounds[i + 1]))))];

    private static double Percentile(List<double> sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Count) - 1];
}
