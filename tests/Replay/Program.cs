using Godwit.Replay;

// Replays recorded exchanges between kubectl and a real API server against LocalCluster.
//   Replay DIR [CASE ...]     a line for each step that differs; the last line is: agree N of M
//   Replay                    the cases of this folder; fails when a step differs that is not known to, or agrees though it is
try
{
    switch (args)
    {
        case ["-h" or "--help", ..]:
            await Console.Error.WriteLineAsync("usage: replay [DIR [CASE ...]]: DIR holds *.commands.jsonl and *.exchanges.jsonl; without it, the project's own cases");
            return 2;
        case [var folder, .. var names]:
            return await Recordings.RunAsync(folder, names);
        default:
            return await OwnCases.RunAsync();
    }
}
catch (ReplayException e)
{
    await Console.Error.WriteLineAsync($"replay: {e.Message}");
    return 2;
}
