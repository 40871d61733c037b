using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Chaos;

/// <summary>What was done and what came of it: a line for each round as it ends, a table and one line at the end, JSON beside.</summary>
internal sealed class ChaosReport(ChaosOptions options, TextWriter writer)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    private readonly List<RoundResult> _rounds = [];
    private IReadOnlyList<Violation> _end = [];

    /// <summary>Nothing that must not be was seen, and at least one fault struck.</summary>
    public bool IsClean => Violations.Count == 0 && _rounds.Exists(static r => r.Done is not null);

    private IReadOnlyList<Violation> Violations => [.. _rounds.SelectMany(static r => r.Violations), .. _end];

    public void Add(RoundResult round)
    {
        _rounds.Add(round);
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"[{round.Number}] {round.Step}, {round.At}: {(round.Done is null ? $"nothing to {round.Fault}" : $"{round.Fault} {round.Done}".TrimEnd())}; {round.Outcome}{(round.Mode.Length > 0 ? $" by {round.Mode}" : "")}, not heard for {round.LongestGapMs:0} ms at most{(round.GuestEnded ? ", the guest ended with it" : "")}{(round.Reason is { } why ? $" ({why})" : "")}"));
        foreach (var violation in round.Violations)
        {
            writer.WriteLine($"    {violation.Kind}: {violation.What}");
        }

        writer.Flush();
    }

    public void AtTheEnd(IReadOnlyList<Violation> violations) => _end = violations;

    /// <summary>The table of kinds and steps, and the last line.</summary>
    public async Task CloseAsync()
    {
        var struck = _rounds.Where(static r => r.Done is not null).ToArray();
        var steps = Enum.GetValues<Step>();
        var width = Faults.All.Max(static f => f.Name.Length);
        writer.WriteLine($"\n{"fault".PadRight(width)} {string.Concat(steps.Select(static s => $"{s,11}"))}");
        foreach (var fault in Faults.All.Where(f => struck.Any(r => r.Fault == f.Name)))
        {
            writer.WriteLine($"{fault.Name.PadRight(width)} {string.Concat(steps.Select(s => $"{struck.Count(r => r.Fault == fault.Name && r.Step == s),11}"))}");
        }

        foreach (var violation in _end)
        {
            writer.WriteLine($"at the end: {violation.Kind}: {violation.What}");
        }

        Directory.CreateDirectory(ChaosOptions.Folder);
        var file = Path.Combine(ChaosOptions.Folder, "report.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { options.Seed, Minutes = options.Length.TotalMinutes, Rounds = _rounds, AtTheEnd = _end }, Json));
        writer.WriteLine($"\n{file}");
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{struck.Length} faults, {Count(ViolationKind.DoubleRun)} double runs, {Count(ViolationKind.LostGuest)} lost guests, {Count(ViolationKind.Mismatch)} mismatches, {Count(ViolationKind.IgnoredAbort)} ignored aborts, {Count(ViolationKind.Leftover)} leftovers, {Count(ViolationKind.Stuck)} stuck (seed {options.Seed})"));
    }

    private int Count(ViolationKind kind) => Violations.Count(v => v.Kind == kind);
}
