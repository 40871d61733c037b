using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.Cli.Api;
using Godwit.Cli.Demo;
using Godwit.Cli.Host;
using Godwit.Cli.Output;
using Godwit.Machinery;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit demo</c>: the project's promise, shown and measured.</summary>
public static partial class DemoCommand
{
    private const int Moves = 2;
    private const string OwnState = "/var/lib/godwit-demo";
    private const string OwnName = "godwitdemo";

    public static Command Build()
    {
        var yes = GlobalOptions.Yes();
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var keep = new Option<bool>("--keep") { Description = "Leave the demo's cluster running afterwards" };
        var command = new Command("demo", "Move a running guest between two nodes and back, and measure it") { yes, json, keep };
        command.SetAction(async (parsed, ct) =>
        {
            var clock = TimeProvider.System;
            var began = clock.GetTimestamp();
            Prerequisites.Root("demo");
            await Prerequisites.PackagesAsync(AppContext.BaseDirectory, ["run", "guest"], parsed.GetValue(yes), ct);
            var quiet = parsed.GetValue(json);
            var state = Choose(parsed);
            var own = !StateLock.IsHeld(state);
            try
            {
                var image = GuestImage.BuildAsync(ct);
                var started = await new ClusterStart(state, clock).RunAsync(
                    own ? new() { Nodes = 2, Name = state.ReadSettings()?.Name ?? OwnName, Auto = true, Yes = parsed.GetValue(yes) } : new(), ct);
                if (!quiet)
                {
                    Say.Note(own
                        ? $"Two nodes are Ready after {started.NodesReady.TotalSeconds:0.0} s (cluster {started.Settings.Name}, state {state.Root})."
                        : $"The running cluster {started.Settings.Name} is used.");
                }

                if (started.Settings.Nodes.Count < 2)
                {
                    throw new CliException("The running cluster has one node; a migration needs two.", $"godwit down --state {state.Root}, then run the demo again.");
                }

                await GuestImage.ImportAsync(state, await image, ct);
                using var api = ClusterAccess.Open(state);
                var (report, console) = await new DemoRun(api, Manifest(), clock, quiet).RunAsync(began, await QemuVersionAsync(ct), ct);
                if (quiet)
                {
                    CliJson.Print(report, CliJson.Default.DemoReport);
                }
                else
                {
                    Console.Out.WriteLine();
                    Console.Out.Write(DemoTable.Render(report));
                }

                var problems = DemoVerdict.Problems(report, Moves, console);
                foreach (var problem in problems)
                {
                    Say.Error(problem);
                }

                return problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
            }
            finally
            {
                if (own && !parsed.GetValue(keep))
                {
                    await new ClusterEnd(state, clock).RunAsync(keepData: false, CancellationToken.None);
                }
                else if (own && !quiet)
                {
                    Say.Note($"The cluster runs on: export KUBECONFIG={state.Kubeconfig}; end it with `godwit down --state {state.Root}`.");
                }
            }
        });
        return command;
    }

    /// <summary>The cluster that runs, or a folder of the demo's own.</summary>
    private static StateFolder Choose(ParseResult parsed)
    {
        var named = parsed.Folder();
        return StateLock.IsHeld(named) || parsed.GetResult(GlobalOptions.State) is { Implicit: false } ? named : new(OwnState);
    }

    private static JsonObject Manifest()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "examples", "vmi-demo.yaml");
        if (!File.Exists(file))
        {
            throw new CliException($"{file} is missing.", "Build again: remove artifacts/godwit and run ./godwit.");
        }

        return Yaml.ParseObjects(File.ReadAllText(file)).First(static o => o.Text("kind") == Resources.Vmi.Kind);
    }

    private static async Task<string> QemuVersionAsync(CancellationToken ct)
    {
        var (_, output, _) = await HostCommand.CaptureAsync("qemu-system-x86_64", ["--version"], ct);
        return VersionPattern().Match(output) is { Success: true } match ? match.Groups["number"].Value : "unknown";
    }

    [GeneratedRegex(@"version (?<number>\d+(\.\d+)+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VersionPattern();
}
