using System.Globalization;

namespace Godwit.Replay;

/// <summary>The steps that are known to differ, with the reason: <c>case step reason</c>, a line each; <c>#</c> begins a remark.</summary>
internal sealed class KnownDifferences
{
    /// <summary>Reasons that begin so hold on some runs only.</summary>
    private const string Time = "time:";

    private readonly Dictionary<(string Case, int Step), string> _reasons = [];

    public int Count => _reasons.Count;

    public static KnownDifferences Read(string path)
    {
        var known = new KnownDifferences();
        foreach (var line in File.ReadLines(path).Select(static l => l.Trim()).Where(static l => l.Length > 0 && l[0] != '#'))
        {
            var words = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 3 || !int.TryParse(words[1], CultureInfo.InvariantCulture, out var step) || !known._reasons.TryAdd((words[0], step), words[2]))
            {
                throw new ReplayException($"{path}: '{line}' is not a case, a step and a reason, or is there twice");
            }
        }

        return known;
    }

    /// <summary>Why the step may differ; null when it may not.</summary>
    public string? Why(Case recorded, Step step) => _reasons.GetValueOrDefault((recorded.Name, step.Number));

    /// <summary>Whether a step that is listed has to differ: the others may agree when time is kind.</summary>
    public static bool IsFirm(string reason) => !reason.StartsWith(Time, StringComparison.Ordinal);

    /// <summary>Entries that no step answers to.</summary>
    public IEnumerable<string> Without(IEnumerable<Report> reports)
    {
        var steps = reports.SelectMany(static r => r.Steps.Select(s => (r.Case.Name, s.Step.Number))).ToHashSet();
        return _reasons.Keys.Where(k => !steps.Contains((k.Case, k.Step))).Select(static k => $"{k.Case} step {k.Step}");
    }
}
