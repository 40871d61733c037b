using Godwit.LocalCluster.ApiServer;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster;

/// <summary>What the parts of the cluster share.</summary>
public sealed record ClusterContext(
    ClusterOptions Options,
    ApiServerHost ApiServer,
    ILoggerFactory Loggers,
    TimeProvider Time)
{
    /// <summary>A kubeconfig of the admin, for services that speak HTTP.</summary>
    public required string KubeconfigPath { get; init; }
}
