namespace Godwit.VirtHandler.Host;

/// <summary>The edge to the node's processes: where is a pod's compute container.</summary>
public interface IPodLocator
{
    /// <summary>The pid, in the agent's own pid namespace, of the launcher of that pod; null when none runs.</summary>
    Task<int?> FindLauncherAsync(string podUid, CancellationToken cancellationToken);

    /// <summary>The pid of the container beside the launcher whose image holds the disk of that volume; null when none runs.</summary>
    Task<int?> FindContainerDiskAsync(string podUid, string volume, CancellationToken cancellationToken);
}
