namespace Godwit.Replay;

/// <summary>Replays a folder of recordings in the order in which they were made, against one cluster: later ones find what earlier ones left.</summary>
internal static class Recordings
{
    public static async Task<int> RunAsync(string folder, IReadOnlyList<string> names)
    {
        var cases = Case.ReadAll(folder).Where(c => names.Count == 0 || names.Contains(c.Name)).ToList();
        if (cases.Count == 0)
        {
            throw new ReplayException($"no case of {folder} is called {string.Join(" or ", names)}");
        }

        var (agree, all) = (0, 0);
        await using var server = await Server.StartAsync();
        foreach (var recorded in cases)
        {
            foreach (var line in Report.LeftOut(recorded))
            {
                Console.WriteLine(line);
            }

            if (Claims.WhyLeftOut(recorded) is not null)
            {
                continue;
            }

            var report = await Report.OfAsync(recorded, server);
            all += report.Steps.Count;
            agree += report.Agreeing;
            foreach (var line in report.Steps.Where(static s => s.Differences.Count > 0).SelectMany(s => Report.Lines(recorded, s.Step, s.Differences)))
            {
                Console.WriteLine(line);
            }
        }

        Console.WriteLine($"agree {agree} of {all}");
        return agree == all ? 0 : 1;
    }
}
