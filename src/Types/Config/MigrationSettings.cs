namespace Godwit.Types;

/// <summary>How migration settings from several places become one.</summary>
public static class MigrationSettings
{
    /// <summary>What holds where nobody says anything.</summary>
    public static MigrationConfiguration Default { get; } = new()
    {
        NodeDrainTaintKey = Taints.Drain,
        ParallelMigrationsPerCluster = 5,
        ParallelOutboundMigrationsPerNode = 2,
        ParallelInboundMigrationsPerNode = 2,
        BandwidthPerMigration = "0",
        CompletionTimeoutPerGiB = 150,
        ProgressTimeout = 150,
        UtilityVolumesTimeout = 150,
        AllowAutoConverge = false,
        AllowPostCopy = false,
        UnsafeMigrationOverride = false,
        DisableTLS = false,
        MaxDowntimeMs = 900,
        ConnectionForwarding = new() { Enabled = true, MaxSeconds = 600, DrainSeconds = 30 },
    };

    /// <summary>
    /// Where the defaults of 2020 (KubeVirt v0.27) differ. They hold where there is a ConfigMap <c>kubevirt-config</c>, and what
    /// it does not say is then as it was when such maps were written.
    /// </summary>
    public static MigrationConfiguration Of2020 { get; } = new()
    {
        BandwidthPerMigration = "64Mi",
        CompletionTimeoutPerGiB = 800,
    };

    /// <summary>The first source that says something about a field decides it; the default comes last.</summary>
    public static MigrationConfiguration Merge(params ReadOnlySpan<MigrationConfiguration?> sources)
    {
        var merged = new MigrationConfiguration();
        foreach (var source in sources)
        {
            merged = Fill(merged, source);
        }

        merged = Fill(merged, Default);
        return merged with { AllowWorkloadDisruption = merged.AllowWorkloadDisruption ?? merged.AllowPostCopy };
    }

    /// <summary>
    /// What a policy says goes before what the cluster says. A policy that allows post-copy allows disruption too
    /// unless it says otherwise.
    /// </summary>
    public static MigrationConfiguration Apply(MigrationConfiguration cluster, MigrationPolicySpec? policy) =>
        policy is null
            ? cluster
            : cluster with
            {
                AllowAutoConverge = policy.AllowAutoConverge ?? cluster.AllowAutoConverge,
                AllowPostCopy = policy.AllowPostCopy ?? cluster.AllowPostCopy,
                AllowWorkloadDisruption =
                    policy.AllowWorkloadDisruption ?? policy.AllowPostCopy ?? cluster.AllowWorkloadDisruption,
                BandwidthPerMigration = policy.BandwidthPerMigration ?? cluster.BandwidthPerMigration,
                CompletionTimeoutPerGiB = policy.CompletionTimeoutPerGiB ?? cluster.CompletionTimeoutPerGiB,
                MaxDowntimeMs = policy.MaxDowntimeMs ?? cluster.MaxDowntimeMs,
                ConnectionForwarding = Fill(policy.ConnectionForwarding, cluster.ConnectionForwarding),
                Experimental = policy.Experimental ?? cluster.Experimental,
            };

    private static MigrationConfiguration Fill(MigrationConfiguration above, MigrationConfiguration? below) =>
        below is null
            ? above
            : above with
            {
                NodeDrainTaintKey = above.NodeDrainTaintKey ?? below.NodeDrainTaintKey,
                ParallelMigrationsPerCluster = above.ParallelMigrationsPerCluster ?? below.ParallelMigrationsPerCluster,
                ParallelOutboundMigrationsPerNode =
                    above.ParallelOutboundMigrationsPerNode ?? below.ParallelOutboundMigrationsPerNode,
                ParallelInboundMigrationsPerNode = above.ParallelInboundMigrationsPerNode ?? below.ParallelInboundMigrationsPerNode,
                BandwidthPerMigration = above.BandwidthPerMigration ?? below.BandwidthPerMigration,
                CompletionTimeoutPerGiB = above.CompletionTimeoutPerGiB ?? below.CompletionTimeoutPerGiB,
                ProgressTimeout = above.ProgressTimeout ?? below.ProgressTimeout,
                UtilityVolumesTimeout = above.UtilityVolumesTimeout ?? below.UtilityVolumesTimeout,
                AllowAutoConverge = above.AllowAutoConverge ?? below.AllowAutoConverge,
                AllowPostCopy = above.AllowPostCopy ?? below.AllowPostCopy,
                AllowWorkloadDisruption = above.AllowWorkloadDisruption ?? below.AllowWorkloadDisruption,
                UnsafeMigrationOverride = above.UnsafeMigrationOverride ?? below.UnsafeMigrationOverride,
                DisableTLS = above.DisableTLS ?? below.DisableTLS,
                Network = above.Network ?? below.Network,
                MatchSELinuxLevelOnMigration = above.MatchSELinuxLevelOnMigration ?? below.MatchSELinuxLevelOnMigration,
                MaxDowntimeMs = above.MaxDowntimeMs ?? below.MaxDowntimeMs,
                ConnectionForwarding = Fill(above.ConnectionForwarding, below.ConnectionForwarding),
                Experimental = above.Experimental ?? below.Experimental,
            };

    /// <summary>Its parts are settings of their own: who shortens the time has said nothing about the rest.</summary>
    private static ConnectionForwarding? Fill(ConnectionForwarding? above, ConnectionForwarding? below) =>
        above is null || below is null
            ? above ?? below
            : above with
            {
                Enabled = above.Enabled ?? below.Enabled,
                MaxSeconds = above.MaxSeconds ?? below.MaxSeconds,
                DrainSeconds = above.DrainSeconds ?? below.DrainSeconds,
            };
}
