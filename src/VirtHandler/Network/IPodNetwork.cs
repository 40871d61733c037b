namespace Godwit.VirtHandler.Network;

/// <summary>The network of a pod, entered by the pid of its compute container's first process.</summary>
public interface IPodNetwork
{
    Task<PodNetworkFacts> ReadFactsAsync(int pid, CancellationToken cancellationToken);

    /// <summary>Makes what is missing of bridge, tap, rules and DHCP; doing it again changes nothing.</summary>
    Task WireAsync(int pid, PodWiring wiring, string podFolder, CancellationToken cancellationToken);

    /// <summary>
    /// Lets connections from <paramref name="sourceIp"/> to these ports reach QEMU instead of the guest; in a pod without our rules,
    /// whose guest has no network, they do anyway.
    /// </summary>
    Task AllowMigrationAsync(int pid, string sourceIp, IReadOnlyList<int> ports, CancellationToken cancellationToken);

    /// <summary>Takes all migration ports back; a pod without our rules is left alone.</summary>
    Task RevokeMigrationAsync(int pid, CancellationToken cancellationToken);
}
