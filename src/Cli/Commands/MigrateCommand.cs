using System.CommandLine;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Cli.Output;
using Godwit.Machinery;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit migrate</c>.</summary>
public static class MigrateCommand
{
    public static Command Build()
    {
        var vmi = new Argument<string>("VMI") { Description = "Virtual machine to move" };
        var to = new Option<string?>("--to") { Description = "Node to move it to (default: the scheduler chooses)", HelpName = "NODE" };
        var wait = new Option<bool?>("--wait") { Description = "Wait for the outcome (default on a terminal)", Arity = ArgumentArity.ZeroOrOne };
        var @namespace = GlobalOptions.Namespace();
        var output = GlobalOptions.Output();
        var timeout = GlobalOptions.Timeout(900);
        var command = new Command("migrate", "Move a running virtual machine to another node") { vmi, to, wait, @namespace, output, timeout };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = ClusterAccess.Open(parsed);
            var key = new NamespacedName(parsed.GetValue(@namespace) ?? api.Namespace, parsed.GetRequiredValue(vmi));
            _ = await api.VmiAsync(key, ct);
            var node = parsed.GetValue(to);
            if (node is not null)
            {
                _ = await api.NodeAsync(node, ct);
            }

            var json = parsed.GetValue(output) == "json";
            var created = await MigrationRequest.CreateAsync(api, key, node, ct);
            var follow = parsed.GetValue(wait) ?? (parsed.GetResult(wait) is { Implicit: false } || !Console.IsOutputRedirected);
            if (!follow)
            {
                if (json)
                {
                    CliJson.Print(created, CliJson.Default.JsonObject);
                }
                else
                {
                    Console.Out.WriteLine($"virtualmachineinstancemigration.kubevirt.io/{created.Name()} created");
                }

                return ExitCodes.Ok;
            }

            var outcome = await MigrationProgress.FollowAsync(
                api, created.Key(), json, TimeSpan.FromSeconds(parsed.GetValue(timeout)), TimeProvider.System, ct);
            return Report(outcome, created.Name(), key.Name, json);
        });
        return command;
    }

    private static int Report(MigrationFacts? outcome, string name, string vmi, bool json)
    {
        if (outcome is null)
        {
            Say.Error($"The migration {name} was deleted before it ended; the VMI {vmi} is where it was.");
            return ExitCodes.Failed;
        }

        if (json)
        {
            CliJson.Print(
                new JsonObject
                {
                    ["migration"] = name,
                    ["vmi"] = vmi,
                    ["from"] = outcome.From,
                    ["to"] = outcome.To,
                    ["succeeded"] = outcome.Succeeded,
                    ["mode"] = outcome.Mode,
                    ["pauseMs"] = outcome.PauseMs,
                    ["bytes"] = outcome.Bytes,
                    ["rateBytesPerSecond"] = outcome.RateBytesPerSecond,
                    ["failureReason"] = outcome.Failure,
                },
                CliJson.Default.JsonObject);
        }
        else if (outcome.Succeeded)
        {
            Console.Out.WriteLine(
                $"{vmi} moved from {outcome.From} to {outcome.To}"
                + (outcome.PauseMs is { } pause ? $", pause {Figures.Duration(pause)}" : "")
                + (outcome.Bytes is { } bytes ? $", {Figures.Bytes(bytes)} sent" : ""));
        }
        else
        {
            Say.Error($"The migration {name} failed: {outcome.Failure ?? "no reason was recorded"}. {vmi} runs on at {outcome.From}.");
            Say.Note($"Look at: kubectl describe vmim {name}");
        }

        return outcome.Succeeded ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
