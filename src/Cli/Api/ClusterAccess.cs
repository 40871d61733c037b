using System.CommandLine;
using Godwit.Cli.Host;
using Godwit.Machinery;

namespace Godwit.Cli.Api;

/// <summary>Finds the cluster that a command means.</summary>
public static class ClusterAccess
{
    /// <summary>--kubeconfig, then KUBECONFIG, then the local cluster, then ~/.kube/config.</summary>
    public static ApiClient Open(ParseResult parsed)
    {
        var given = parsed.GetValue(GlobalOptions.Kubeconfig);
        if (given is not null && !File.Exists(given))
        {
            throw new CliException($"The kubeconfig {given} does not exist.");
        }

        var file = given;
        if (file is null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBECONFIG")))
        {
            var local = parsed.Folder().Kubeconfig;
            file = File.Exists(local) ? local : null;
            if (file is null && !HasDefault())
            {
                throw new CliException("There is no cluster to talk to.", "Start one with `godwit up`, or name one with --kubeconfig FILE.");
            }
        }

        return ApiClient.Open(new() { Kubeconfig = file, UserAgent = "godwit-cli", CallTimeout = TimeSpan.FromSeconds(15) });
    }

    /// <summary>The local cluster of a state folder.</summary>
    public static ApiClient Open(StateFolder state) =>
        ApiClient.Open(new() { Kubeconfig = state.Kubeconfig, UserAgent = "godwit-cli", CallTimeout = TimeSpan.FromSeconds(10) });

    private static bool HasDefault() =>
        File.Exists(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config"));
}
