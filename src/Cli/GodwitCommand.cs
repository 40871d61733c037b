using System.CommandLine;
using System.CommandLine.Help;
using Godwit.Cli.Commands;
using Godwit.Cli.Output;
using Godwit.Machinery;

namespace Godwit.Cli;

/// <summary>The whole command line: <c>godwit</c>, and the same as <c>kubectl godwit</c>.</summary>
public static class GodwitCommand
{
    /// <summary>Parses, runs, and turns every failure into a message and an exit code.</summary>
    public static async Task<int> InvokeAsync(string[] args)
    {
        var parsed = Build().Parse(args);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                // A command that is told to stop tidies up after itself; it decides how long that takes.
                ProcessTerminationTimeout = TimeSpan.FromMinutes(2),
            }) is var code && parsed.Errors.Count > 0
                ? ExitCodes.Refused
                : code;
        }
        catch (CliException e)
        {
            Say.Error(e.Message);
            if (e.Remedy is not null)
            {
                Say.Note(e.Remedy);
            }

            return e.ExitCode;
        }
        catch (ApiException e) when (e.IsUnreachable)
        {
            Say.Error(e.Message);
            Say.Note("Is the cluster up? See `godwit status`, start it with `godwit up`.");
            return ExitCodes.Refused;
        }
        catch (ApiException e)
        {
            // The server's own words, as admission wrote them for the user.
            Say.Error(e.Status.Message ?? e.Message);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            Say.Error("interrupted");
            return ExitCodes.Interrupted;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            Say.Error(e.Message);
            return ExitCodes.Failed;
        }
    }

    /// <summary>The tree of commands.</summary>
    public static RootCommand Build()
    {
        var root = new RootCommand("Virtual machines on Kubernetes that move between nodes while they run.")
        {
            UpCommand.Build(),
            DownCommand.Build(),
            InstallCommand.BuildInstall(),
            InstallCommand.BuildUpgrade(),
            InstallCommand.BuildUninstall(),
            StatusCommand.Build(),
            NodeCommand.Build(),
            DemoCommand.Build(),
            MigrateCommand.Build(),
            CancelCommand.Build(),
            PauseCommand.BuildPause(),
            PauseCommand.BuildUnpause(),
            ExplainCommand.Build(),
            ConsoleCommand.Build(),
            LogsCommand.Build(),
            ImageCommand.Build(),
            KubeconfigCommand.Build(),
            CompletionCommand.Build(),
            VersionCommand.Build(),
            SuperviseCommand.Build(),
        };
        root.Add(GlobalOptions.State);
        root.Add(GlobalOptions.Kubeconfig);
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            option.Description = "Show help";
        }

        return root;
    }
}
