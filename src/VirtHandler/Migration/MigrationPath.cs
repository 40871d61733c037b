namespace Godwit.VirtHandler.Migration;

/// <summary>Over which network a migration goes: the target listens at this address of its own. Pure.</summary>
/// <param name="Address">Where the target listens.</param>
/// <param name="Source">Where the source comes from; null on a network that is for migrations alone, where nothing is in its way.</param>
/// <param name="Warning">Why it does not go over the network that the settings name; null when it does.</param>
public sealed record MigrationPath(string Address, string? Source, string? Warning = null)
{
    /// <summary>Both ends must be on the same network; what was started before the setting has to go over the pod network once.</summary>
    /// <param name="network">The network for migrations as the settings have it; null or empty for none.</param>
    /// <param name="source">The source's pod.</param>
    /// <param name="target">The target's pod.</param>
    public static MigrationPath Decide(string? network, PodEnd source, PodEnd target)
    {
        var usual = new MigrationPath(target.Ip, source.Ip);
        return (network, source.Dedicated, target.Dedicated) switch
        {
            (null or "", _, _) => usual,
            (_, { } there, { } here) when there.Network == here.Network => new MigrationPath(here.Address, null),
            (_, null, _) => usual with { Warning = $"{Usual(network)}: the source pod has no interface on it, it was started before the network was set. The next migration can use it" },
            (_, _, null) => usual with { Warning = $"{Usual(network)}: the target pod has no interface on it. Is there something in the cluster that attaches networks, as Multus does?" },
            (_, var there, var here) => usual with { Warning = $"{Usual(network)}: the source pod is on {there.Network}, the target pod on {here.Network}. The next migration can use it" },
        };
    }

    private static string Usual(string network) => $"The migration goes over the pod network and not over {network}";
}
