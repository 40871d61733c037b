using System.CommandLine;
using Godwit.Cli.Host;

namespace Godwit.Cli.Commands;

/// <summary>The process behind <c>godwit up</c>; not for people.</summary>
public static class SuperviseCommand
{
    public static Command Build()
    {
        var command = new Command("supervise", "Keep the cluster's processes alive") { Hidden = true };
        command.SetAction(async (parsed, ct) =>
        {
            var state = parsed.Folder();
            var settings = state.ReadSettings() ?? throw new CliException($"{state.SettingsFile} is missing.", "Start with `godwit up`.");
            using var supervisor = new Supervisor(state, settings, TimeProvider.System);
            await supervisor.RunAsync(ct);
            return ExitCodes.Ok;
        });
        return command;
    }
}
