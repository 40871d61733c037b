using System.CommandLine;
using Godwit.Cli.Host;

namespace Godwit.Cli;

/// <summary>Options that every command understands, and those that several share.</summary>
public static class GlobalOptions
{
    public static Option<string> State { get; } = new("--state")
    {
        Description = "Folder of the local cluster (env GODWIT_STATE)",
        HelpName = "DIR",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("GODWIT_STATE") is { Length: > 0 } dir ? dir : StateFolder.Default,
    };

    public static Option<string?> Kubeconfig { get; } = new("--kubeconfig")
    {
        Description = "Cluster to talk to (default: env KUBECONFIG, the local cluster, ~/.kube/config)",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>The state folder that the command line names.</summary>
    public static StateFolder Folder(this ParseResult parsed) => new(Path.GetFullPath(parsed.GetValue(State)!));

    public static Option<string?> Namespace() => new("--namespace", "-n")
    {
        Description = "Namespace (default: that of the kubeconfig)",
        HelpName = "NAMESPACE",
    };

    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Install what is missing without asking" };

    public static Option<string> Output()
    {
        var option = new Option<string>("--output", "-o")
        {
            Description = "text or json",
            HelpName = "FORMAT",
            DefaultValueFactory = _ => "text",
        };
        option.AcceptOnlyFromAmong("text", "json");
        return option;
    }

    public static Option<int> Timeout(int seconds) => new("--timeout")
    {
        Description = "Seconds to wait at most",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => seconds,
    };
}
