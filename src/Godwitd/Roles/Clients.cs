using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Godwitd.Roles;

/// <summary>The API clients of the components, each with metrics of its own.</summary>
internal static class Clients
{
    /// <param name="component">Its name.</param>
    /// <param name="kubeconfig">Its kubeconfig; null in a pod.</param>
    public static ApiClient Open(string component, string? kubeconfig) =>
        ApiClient.Open(new() { Kubeconfig = kubeconfig, UserAgent = component, Metrics = new MetricRegistry(MonitoringNames.Prefix) });
}
