using Godwit.Replay;

// Replays recorded exchanges between kubectl and a real API server against LocalCluster.
//   Replay DIR [CASE ...]     a line for each step that differs; the last line is: agree N of M
string[] claimed = ["gc", "namespace-controller", "webhooks", "vap", "rbac", "scheduler", "compaction"];
if (args.Length == 0 || args[0] is "-h" or "--help")
{
    await Console.Error.WriteLineAsync("usage: replay DIR [CASE ...]: DIR holds *.commands.jsonl and *.exchanges.jsonl");
    return 2;
}

try
{
    var cases = Case.ReadAll(args[0]).Where(c => args.Length == 1 || args.Skip(1).Contains(c.Name)).ToList();
    if (cases.Count == 0)
    {
        throw new ReplayException($"no case of {args[0]} is called {string.Join(" or ", args.Skip(1))}");
    }

    var (agree, all) = (0, 0);
    await using var server = await Server.StartAsync();
    using var admin = server.Admin();
    await using var recorder = await Recorder.StartAsync(server.Host.Address, server.Host.Pki.Ca, admin);
    foreach (var recorded in cases)
    {
        if (recorded.Needs.Except(claimed).ToList() is { Count: > 0 } missing)
        {
            Console.WriteLine($"left out {recorded.Name}: it needs {string.Join(", ", missing)}");
            continue;
        }

        recorder.Clear();
        foreach (var (step, differences) in await new CaseRunner(recorded, server, recorder).RunAsync())
        {
            all++;
            agree += differences.Count == 0 ? 1 : 0;
            if (differences.Count > 0)
            {
                Console.WriteLine($"differs {recorded.Name} step {step.Number}: {step.Command!.ReplaceLineEndings(" ")}");
                foreach (var difference in differences)
                {
                    Console.WriteLine($"    {difference}");
                }
            }
        }
    }

    Console.WriteLine($"agree {agree} of {all}");
    return agree == all ? 0 : 1;
}
catch (ReplayException e)
{
    await Console.Error.WriteLineAsync($"replay: {e.Message}");
    return 2;
}
