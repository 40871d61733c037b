using Godwit.Machinery;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>The scheduler and the watch over the nodes' health, as parts of the cluster.</summary>
public sealed class SchedulerService : IClusterService
{
    public string Name => "scheduler";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        using var api = ApiClient.FromKubeconfig(context.KubeconfigPath, context.Time);
        using var scheduler = new Scheduler(api, context.Loggers, context.Time);
        var lifecycle = new NodeLifecycle(api, context.Options.NodeMonitorGracePeriod, context.Loggers, context.Time);
        await TaskGroup.RunAsync(cancellationToken, scheduler.RunAsync, lifecycle.RunAsync);
    }
}
