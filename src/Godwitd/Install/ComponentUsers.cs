using Godwit.LocalCluster;
using Godwit.Types;

namespace Godwit.Godwitd.Install;

/// <summary>Gives every component of the local cluster a kubeconfig of its own, as a service account on a real cluster would.</summary>
public static class ComponentUsers
{
    private const string ServiceAccounts = "system:serviceaccounts";

    /// <summary>Writes what is missing; a kubeconfig that is there stays, so that a component in the middle of a read never sees half a file.</summary>
    public static void Write(ClusterContext context)
    {
        string[] groups = [ServiceAccounts, $"{ServiceAccounts}:{Installation.Namespace}"];
        Write(context, "virt-controller", Installation.ControllerUser, groups);
        Write(context, "virt-api", Installation.ApiUser, groups);
        foreach (var node in context.Options.Nodes)
        {
            Write(context, $"virt-handler-{node}", Installation.HandlerUser, [.. groups, $"system:node-agent:{node}"]);
        }
    }

    /// <summary>Where a component's kubeconfig lies.</summary>
    public static string PathOf(string state, string component) => Path.Combine(state, "pki", $"{component}.kubeconfig");

    private static void Write(ClusterContext context, string component, string user, IReadOnlyList<string> groups)
    {
        var path = PathOf(context.Options.StateDirectory, component);
        if (File.Exists(path) && File.ReadAllText(path).Contains(context.ApiServer.Address.Authority, StringComparison.Ordinal))
        {
            return;
        }

        var temporary = $"{path}.new";
        context.ApiServer.WriteKubeconfig(temporary, component, user, groups);
        File.Move(temporary, path, overwrite: true);
    }
}
