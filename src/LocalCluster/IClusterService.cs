namespace Godwit.LocalCluster;

/// <summary>A part of the cluster that runs as long as it does: the scheduler, garbage collection, a kubelet.</summary>
public interface IClusterService
{
    string Name { get; }

    /// <summary>Runs until cancelled. Returning earlier or throwing ends the whole cluster process, which is then started again.</summary>
    Task RunAsync(ClusterContext context, CancellationToken cancellationToken);
}
