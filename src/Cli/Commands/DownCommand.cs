using System.CommandLine;
using Godwit.Cli.Host;
using Godwit.Cli.Output;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit down</c>.</summary>
public static class DownCommand
{
    public static Command Build()
    {
        var keep = new Option<bool>("--keep-data") { Description = "Keep objects, images and volumes for the next `godwit up`" };
        var command = new Command("down", "End the local cluster and remove everything it made") { keep };
        command.SetAction(async (parsed, ct) =>
        {
            Prerequisites.Root("down");
            var state = parsed.Folder();
            Say.Note(await new ClusterEnd(state, TimeProvider.System).RunAsync(parsed.GetValue(keep), ct)
                ? $"The cluster of {state.Root} is down."
                : $"There is no cluster in {state.Root}.");
            return ExitCodes.Ok;
        });
        return command;
    }
}
