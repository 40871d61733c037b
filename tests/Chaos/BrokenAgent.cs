using Godwit.Godwitd;
using Godwit.Machinery;
using Godwit.Simulation;
using Godwit.VirtHandler;
using Microsoft.Extensions.Logging;

namespace Godwit.Chaos;

/// <summary>
/// Agents whose rules are broken on purpose, in the place of the real ones: chaos that does not notice them proves nothing.
/// </summary>
internal static class BrokenAgent
{
    /// <summary>The verb by which this program stands in for <c>godwitd handler</c>.</summary>
    public const string Verb = "broken-handler";

    /// <summary>A folder with all of the built programs, in which this one runs the agents with rules of this name.</summary>
    public static async Task<string> ProgramsAsync(string programs, string rules)
    {
        var folder = Path.Combine(Path.GetDirectoryName(programs)!, "chaos-broken");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        (await Tests.E2E.Support.Tool.RunAsync("cp", ["-al", programs, folder], TimeSpan.FromMinutes(1))).Ok();
        var daemon = Path.Combine(folder, "godwitd");
        File.Delete(daemon);
        await File.WriteAllTextAsync(daemon, $"""
            #!/bin/sh
            [ "$1" = handler ] || exec {programs}/godwitd "$@"
            shift
            exec {Environment.ProcessPath} {Verb} {rules} "$@"

            """);
        File.SetUnixFileMode(daemon, (UnixFileMode)0b111_101_101);
        return folder;
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
