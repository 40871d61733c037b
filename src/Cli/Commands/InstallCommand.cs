using System.CommandLine;
using Godwit.Cli.Api;
using Godwit.Cli.Install;
using Godwit.Cli.Output;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Commands;

/// <summary><c>godwit install</c>, <c>godwit upgrade</c> and <c>godwit uninstall</c>.</summary>
public static class InstallCommand
{
    private const int Patience = 300;

    public static Command BuildInstall() => BuildApply("install", "Install Godwit into a cluster and wait until it works", upgrade: false);

    public static Command BuildUpgrade() => BuildApply("upgrade", "Replace an older Godwit by this one; virtual machines run on", upgrade: true);

    public static Command BuildUninstall()
    {
        var keep = new Option<bool>("--keep-vms") { Description = "Leave virtual machines as they are; they run on, but nothing moves or restarts them" };
        var delete = new Option<bool>("--delete-vms") { Description = "End and remove all virtual machines first" };
        var timeout = GlobalOptions.Timeout(Patience);
        var command = new Command("uninstall", "Remove Godwit from a cluster") { keep, delete, timeout };
        command.SetAction(async (parsed, ct) =>
        {
            var fate = (parsed.GetValue(keep), parsed.GetValue(delete)) switch
            {
                (true, true) => throw new CliException("--keep-vms and --delete-vms exclude each other."),
                (true, _) => VirtualMachinesFate.Keep,
                (_, true) => VirtualMachinesFate.Delete,
                _ => VirtualMachinesFate.Unsaid,
            };
            using var api = ClusterAccess.Open(parsed);
            var run = new RemovalRun(api, TimeProvider.System);
            var manifests = Read(registry: null);
            if (RemovalChecks.Decide(await run.GatherAsync(manifests, ct), fate) is { } problem)
            {
                throw new CliException(problem.What, problem.Remedy);
            }

            await run.RunAsync(manifests, fate, static gone => Console.Out.WriteLine($"{gone} removed"), TimeSpan.FromSeconds(parsed.GetValue(timeout)), ct);
            Say.Note(fate == VirtualMachinesFate.Keep
                ? "Godwit is removed; its kinds, its settings and the virtual machines stay. 'godwit install' takes them over again."
                : "Godwit is removed, nothing of it is left.");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command BuildApply(string name, string description, bool upgrade)
    {
        var registry = new Option<string?>("--registry") { Description = "Where the images are, such as registry.example.com/team", HelpName = "PREFIX" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only check whether it can be done, and list the objects" };
        var timeout = GlobalOptions.Timeout(Patience);
        var command = new Command(name, description) { registry, dryRun, timeout };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = ClusterAccess.Open(parsed);
            var manifests = Read(parsed.GetValue(registry));
            var run = new InstallRun(api, TimeProvider.System);
            await run.CheckAsync(manifests, VersionCommand.Current, upgrade, ct);
            if (parsed.GetValue(dryRun))
            {
                foreach (var @object in manifests.Objects)
                {
                    Console.Out.WriteLine($"{@object.Text("kind")} {@object.Key()} (dry run)");
                }

                return ExitCodes.Ok;
            }

            await run.ApplyAsync(
                manifests,
                static (@object, outcome) => Console.Out.WriteLine($"{@object.Text("kind")} {@object.Key()} {outcome.ToString().ToLowerInvariant()}"),
                TimeSpan.FromSeconds(parsed.GetValue(timeout)),
                ct);
            Say.Note($"Godwit {VersionCommand.Current} works. 'kubectl get kubevirt -n {Installation.Namespace}' shows it.");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static ManifestSet Read(string? registry)
    {
        var manifests = ManifestSet.Read(Path.Combine(AppContext.BaseDirectory, "deploy"), "localcluster", "monitoring");
        return new([.. manifests.Objects.Select(o => ImageNames.From(o, registry))]);
    }
}
