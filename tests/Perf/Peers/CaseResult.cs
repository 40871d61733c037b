using System.Text.Json.Nodes;

namespace Godwit.Perf.Peers;

/// <summary>All moves of one case, by driver in the order of the columns.</summary>
internal sealed record CaseResult(MoveCase Case, IReadOnlyList<(string Peer, List<PeerMove> Moves)> Columns)
{
    /// <summary>Rows of the table: what, its unit, how it is read off a move.</summary>
    public static readonly IReadOnlyList<(string Name, string Unit, Func<PeerMove, double?> Read)> Figures =
    [
        ("totalMs", "ms", static m => m.TotalMs),
        ("pauseMs", "ms", static m => m.PauseMs),
        ("guestPauseMs", "ms", static m => m.GuestPauseMs),
        ("sentMiB", "MiB", static m => m.GiB * 1024),
        ("rateMiBps", "MiB/s", static m => m.MiBPerSecond),
        ("ownCpuSecondsPerGiB", "s/GiB", static m => m.OwnCpu / m.GiB),
        ("qemuCpuSecondsPerGiB", "s/GiB", static m => m.QemuCpu / m.GiB),
        ("streams", "", static m => m.Streams),
    ];

    /// <summary>Null where nothing was measured.</summary>
    public double? Median(string peer, Func<PeerMove, double?> read)
    {
        var values = Columns.First(c => c.Peer == peer).Moves.Select(read).OfType<double>().Where(double.IsFinite).ToList();
        return values.Count == 0 ? null : Report.MedianOf(values);
    }

    /// <summary>The medians, and below <c>values</c> every single figure.</summary>
    public JsonObject ToJson(bool values)
    {
        var json = new JsonObject { ["name"] = Case.Name, ["runs"] = Columns.Min(static c => c.Moves.Count) };
        foreach (var (peer, moves) in Columns)
        {
            var column = new JsonObject();
            foreach (var (name, _, read) in Figures)
            {
                column[name] = Median(peer, read) is { } median ? Math.Round(median, 2) : null;
            }

            if (values)
            {
                column["values"] = new JsonArray([.. moves.Select(m => (JsonNode)new JsonObject(
                    Figures.Select(f => KeyValuePair.Create(f.Name, f.Read(m) is { } value && double.IsFinite(value) ? (JsonNode)Math.Round(value, 3) : null))))]);
            }

            json[peer] = column;
        }

        return json;
    }
}
