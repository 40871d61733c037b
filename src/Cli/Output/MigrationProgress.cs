using Godwit.Cli.Api;
using Godwit.Machinery;
using Spectre.Console;

namespace Godwit.Cli.Output;

/// <summary>Shows a migration until it ends: a bar on a terminal, a line for each news elsewhere.</summary>
public static class MigrationProgress
{
    /// <summary>Follows the VMIM; null when it was deleted before it ended.</summary>
    public static async Task<MigrationFacts?> FollowAsync(
        ApiClient api, NamespacedName name, bool quiet, TimeSpan limit, TimeProvider clock, CancellationToken ct, Action<MigrationFacts>? observe = null)
    {
        var follower = new ObjectFollower(api, clock);
        if (quiet || Console.IsErrorRedirected || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            var last = "";
            return await RunAsync(
                follower,
                name,
                facts =>
                {
                    observe?.Invoke(facts);
                    if (!quiet && facts.Describe() is var line && line != last)
                    {
                        last = line;
                        Say.Note(line);
                    }
                },
                limit,
                ct);
        }

        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await terminal.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(new SpinnerColumn(), new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async context =>
            {
                var task = context.AddTask("Created", maxValue: 100);
                var outcome = await RunAsync(
                    follower,
                    name,
                    facts =>
                    {
                        observe?.Invoke(facts);
                        task.Value = facts.Succeeded ? 100 : facts.Percent ?? 0;
                        task.Description = Markup.Escape(facts.Describe());
                    },
                    limit,
                    ct);
                task.StopTask();
                return outcome;
            });
    }

    private static async Task<MigrationFacts?> RunAsync(
        ObjectFollower follower, NamespacedName name, Action<MigrationFacts> show, TimeSpan limit, CancellationToken ct)
    {
        var final = await follower.UntilAsync(
            Resources.Migration,
            name,
            migration =>
            {
                show(MigrationFacts.Of(migration));
                return Lookups.IsFinal(migration);
            },
            limit,
            $"the migration {name.Name}",
            ct);
        return final is null ? null : MigrationFacts.Of(final);
    }
}
