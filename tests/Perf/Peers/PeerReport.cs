using System.Text.Json.Nodes;

namespace Godwit.Perf.Peers;

/// <summary>The comparison of the three drivers, as far as it has come.</summary>
internal sealed class PeerReport
{
    private readonly List<CaseResult> _results = [];

    public PauseHistogram Pauses { get; } = new();

    /// <summary>A place for the moves of one case.</summary>
    public CaseResult Begin(MoveCase what)
    {
        var result = new CaseResult(what, [("bare", []), ("godwit", []), ("virsh", [])]);
        _results.Add(result);
        return result;
    }

    public void Print(TextWriter to)
    {
        PeerTable.Print(Whole(), to);
        Pauses.Print(to);
    }

    /// <param name="values">With every single figure beside the medians.</param>
    public JsonObject ToJson(bool values) => new()
    {
        ["cases"] = new JsonArray([.. Whole().Select(r => (JsonNode)r.ToJson(values))]),
        ["pauses"] = Pauses.ToJson(),
    };

    private List<CaseResult> Whole() => [.. _results.Where(static r => r.Columns.All(static c => c.Moves.Count > 0))];
}
