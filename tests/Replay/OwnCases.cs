namespace Godwit.Replay;

/// <summary>The cases that lie beside this program, several at a time, each against a cluster of its own.</summary>
internal static class OwnCases
{
    /// <summary>They mostly wait: for kubectl to start, and where the recording waited.</summary>
    private const int AtATime = 4;

    public static async Task<int> RunAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Cases");
        var known = KnownDifferences.Read(Path.Combine(folder, "known-differences.txt"));
        var cases = Case.ReadAll(folder).Where(static c => Claims.WhyLeftOut(c) is null).ToList();
        var reports = new Report[cases.Count];
        // The recorded webhook has one port.
        using var webhook = new SemaphoreSlim(1);
        var order = Enumerable.Range(0, cases.Count).OrderByDescending(i => cases[i].Steps.Sum(static s => s.Seconds) + (cases[i].Steps.Count / 4.0));
        await Parallel.ForEachAsync(order, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (i, cancellation) =>
        {
            var alone = cases[i].Hooks.Count > 0;
            if (alone)
            {
                await webhook.WaitAsync(cancellation);
            }

            try
            {
                await using var server = await Server.StartAsync();
                reports[i] = await Report.OfAsync(cases[i], server);
            }
            finally
            {
                if (alone)
                {
                    webhook.Release();
                }
            }
        });
        var surprises = Surprises(reports, known).ToList();
        foreach (var line in cases.SelectMany(Report.LeftOut).Concat(surprises))
        {
            Console.WriteLine(line);
        }

        Console.WriteLine($"agree {reports.Sum(static r => r.Agreeing)} of {reports.Sum(static r => r.Steps.Count)}, {known.Count} known to differ");
        return surprises.Count == 0 ? 0 : 1;
    }

    private static IEnumerable<string> Surprises(IReadOnlyList<Report> reports, KnownDifferences known)
    {
        foreach (var (report, step, differences) in reports.SelectMany(static r => r.Steps.Select(s => (r, s.Step, s.Differences))))
        {
            var why = known.Why(report.Case, step);
            if (differences.Count > 0 && why is null)
            {
                foreach (var line in Report.Lines(report.Case, step, differences))
                {
                    yield return line;
                }
            }
            else if (differences.Count == 0 && why is not null && KnownDifferences.IsFirm(why))
            {
                yield return $"agrees now, take it off the list: {report.Case.Name} step {step.Number} ({why})";
            }
        }

        foreach (var entry in known.Without(reports))
        {
            yield return $"listed, but no such step is compared: {entry}";
        }
    }
}
