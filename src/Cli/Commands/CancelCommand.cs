using System.CommandLine;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Cli.Output;
using Godwit.Machinery;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit cancel</c>.</summary>
public static class CancelCommand
{
    public static Command Build()
    {
        var name = new Argument<string>("NAME") { Description = "VMI that is being moved, or the migration (VMIM) itself" };
        var @namespace = GlobalOptions.Namespace();
        var timeout = GlobalOptions.Timeout(60);
        var command = new Command("cancel", "Cancel a migration; the virtual machine stays where it is") { name, @namespace, timeout };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = ClusterAccess.Open(parsed);
            var key = new NamespacedName(parsed.GetValue(@namespace) ?? api.Namespace, parsed.GetRequiredValue(name));
            var migration = await FindAsync(api, key, ct);
            await api.DeleteAsync(Resources.Migration, migration.Key(), new() { Uid = migration.Uid() }, ct);
            await new ObjectFollower(api, TimeProvider.System).UntilAsync(
                Resources.Migration,
                migration.Key(),
                now => now.Uid() != migration.Uid(),
                TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                $"the migration {migration.Name()} to be gone",
                ct);
            return await ReportAsync(api, migration, ct);
        });
        return command;
    }

    private static async Task<JsonObject> FindAsync(ApiClient api, NamespacedName key, CancellationToken ct)
    {
        var all = (await api.ListAsync(Resources.Migration, key.Namespace, ct: ct)).Items;
        var running = all.Where(static m => !Lookups.IsFinal(m)).ToArray();
        if (running.FirstOrDefault(m => m.Name() == key.Name || m.Text("spec", "vmiName") == key.Name) is { } found)
        {
            return found;
        }

        if (all.FirstOrDefault(m => m.Name() == key.Name) is { } final)
        {
            throw new CliException($"The migration {key.Name} has ended already: {final.Text("status", "phase")}.");
        }

        throw new CliException(
            $"No migration is running under the name {key.Name} in namespace {key.Namespace}, and none of a VMI of that name.",
            running.Length == 0
                ? "No migration is running in this namespace."
                : Suggestions.For(key.Name, [.. running.Select(static m => m.Text("spec", "vmiName")!), .. running.Select(static m => m.Name())], "migration"));
    }

    private static async Task<int> ReportAsync(ApiClient api, JsonObject migration, CancellationToken ct)
    {
        if (await api.TryGetAsync(Resources.Vmi, new(migration.Namespace(), migration.Text("spec", "vmiName")!), ct) is not { } vmi)
        {
            Console.Out.WriteLine($"The migration {migration.Name()} is cancelled; its VMI is gone.");
            return ExitCodes.Ok;
        }

        var state = vmi.At("status", "migrationState");
        var mine = state.Text("migrationUid") == migration.Uid();
        if (mine && state.Flag("completed") == true && state.Flag("failed") != true)
        {
            Say.Error($"Too late: {vmi.Name()} had moved to {VmiFacts.Node(vmi)} already.");
            return ExitCodes.Failed;
        }

        Console.Out.WriteLine(
            $"The migration {migration.Name()} is cancelled; {vmi.Name()} stays on {VmiFacts.Node(vmi)}"
            + (mine && state.Text("abortStatus") is { } status ? $" (abort {status})." : "."));
        return ExitCodes.Ok;
    }
}
