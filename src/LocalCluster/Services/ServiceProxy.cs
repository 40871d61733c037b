using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Store;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Services;

/// <summary>Makes services' addresses and node ports work on one node, as kube-proxy does on a real one.</summary>
internal sealed partial class ServiceProxy(ObjectStore store, NodePlace place, HostTools tools, TimeProvider time, ILogger logger)
{
    private static readonly string[] Inputs = ["services", "endpointslices.discovery.k8s.io"];
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Follows services and endpoints until cancelled. The node's network must be there.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? written = null;
        while (true)
        {
            var state = store.Snapshot;
            var services = state.List(Inputs[0]).Select(static s => s.ToJsonObject()).ToList();
            var slices = state.List(Inputs[1]).Select(static s => s.ToJsonObject()).ToList();
            try
            {
                var rules = ServiceRules.Ruleset(services, slices, place.Pods);
                if (written != rules)
                {
                    await tools.RunAsync("ip", ["netns", "exec", place.Namespace, "nft", "-f", "-"], cancellationToken, rules);
                    written = rules;
                }
            }
            catch (HostToolException e)
            {
                LogFailed(place.Node, e.Message);
                await Task.Delay(RetryDelay, time, cancellationToken);
                continue;
            }

            await store.WaitForChangeAsync(Inputs, state.Revision, cancellationToken);
        }
    }

    [LoggerMessage(65, LogLevel.Warning, "The rules of services could not be written on {Node}; services' addresses may lead nowhere there: {Reason}")]
    private partial void LogFailed(string node, string reason);
}
