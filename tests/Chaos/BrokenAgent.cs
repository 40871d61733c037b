using Godwit.Godwitd;
using Godwit.Machinery;
using Godwit.Simulation;
using Godwit.VirtHandler;
using Microsoft.Extensions.Logging;

namespace Godwit.Chaos;

/// <summary>
/// Agents whose rules are broken on purpose, or a launcher that starts QEMU wrongly, in the place of the real ones: chaos that does not
/// notice them proves nothing.
/// </summary>
internal static class BrokenAgent
{
    /// <summary>The verb by which this program stands in for <c>godwitd handler</c>.</summary>
    public const string Verb = "broken-handler";

    /// <summary>The one rule that is not an agent's: QEMU is started without <c>-S</c>, so a target runs its guest when all has arrived.</summary>
    private const string SelfStart = "self-start";

    /// <summary>What can be broken.</summary>
    public static IReadOnlyList<string> Rules { get; } = [SelfStart, .. BrokenRules.All.Keys];

    /// <summary>A folder with all of the built programs, in which what follows that rule is replaced by what does not.</summary>
    public static async Task<string> ProgramsAsync(string programs, string rules)
    {
        var folder = await StandIns.FolderAsync(programs, "chaos-broken");
        if (rules == SelfStart)
        {
            await ReplaceLauncherAsync(folder);
        }
        else
        {
            await StandIns.ReplaceAsync(Path.Combine(folder, "godwitd"), $"""
                [ "$1" = handler ] || exec {programs}/godwitd "$@"
                shift
                exec {Environment.ProcessPath} {Verb} {rules} "$@"
                """);
        }

        return folder;
    }

    /// <summary>The launcher itself is as it was, but finds another QEMU on its path. Within its pod the folder is elsewhere.</summary>
    private static async Task ReplaceLauncherAsync(string folder)
    {
        var launcher = Path.Combine(folder, "virt-launcher");
        Directory.CreateDirectory(Path.Combine(folder, "whole"));
        Directory.CreateDirectory(Path.Combine(folder, "path"));
        File.Copy(launcher, Path.Combine(folder, "whole", "virt-launcher"));
        await StandIns.ReplaceAsync(launcher, """
            here=${0%/*}
            PATH=$here/path:$PATH exec "$here/whole/virt-launcher" "$@"
            """);
        await StandIns.ReplaceAsync(Path.Combine(folder, "path", "qemu-system-x86_64"), """
            PATH=${PATH#*:}
            for word; do
                shift
                [ "$word" = -S ] || set -- "$@" "$word"
            done
            exec qemu-system-x86_64 "$@"
            """);
    }

    /// <summary>Is the agent of a node until it is killed or the cluster ends.</summary>
    public static async Task<int> RunAsync(string rules, string[] words)
    {
        var arguments = Arguments.Parse(words, "kubeconfig", "node", "kubelet-root", "metrics-port", "log-format", "log-level");
        using var stop = new CancellationTokenSource();
        using var end = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        using var loggers = LoggerFactory.Create(static builder => builder.AddSimpleConsole(static o => o.SingleLine = true));
        using var api = ApiClient.Open(new() { Kubeconfig = arguments.Get("kubeconfig") });
        var options = new VirtHandlerOptions { Node = arguments.Get("node"), KubeletRoot = arguments.Get("kubelet-root") };
        await VirtHandlerAgent.RunAsync(
            options, api, NodeEdges.OfHost(TimeProvider.System) with { Rules = BrokenRules.All[rules] }, loggers, TimeProvider.System, stop.Token);
        return 0;
    }
}
