using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Tells from what a failed migration left behind why it failed. Pure.</summary>
public static class FailureCauses
{
    /// <summary>The first cause of which a word is found decides; what says more goes before what says less.</summary>
    private static readonly (FailureCause Cause, string[] Words)[] Signs =
    [
        (FailureCause.NotConverging, ["migration stuck for", "is not completed after"]),
        (FailureCause.NoCapacity, ["nodes are available", "insufficient ", "exceeded quota"]),
        (FailureCause.Network,
        [
            "connection re", "connection timed out", "timed out", "broken pipe", "no route to host", "network is unreachable",
            "did not take the connection", "unable to connect", "failed to connect", "input/output error", "tls", "handshake",
            "named no port",
        ]),
        (FailureCause.Incompatible,
        [
            "the target's hardware is not", "status.hardware is missing", "unsupported machine", "does not support", "missing feature",
            "unknown ramblock", "length mismatch", "unknown savevm section", "missing section", "error while loading state",
            "load of migration failed", "invalid argument", "cannot migrate vmi",
        ]),
        (FailureCause.TargetDied,
        [
            "target pod is down", "target pod shutdown", "target pod was removed", "target qemu", "target's qemu", "the target ended", "the target's domain has disappeared",
        ]),
    ];

    public static FailureCause Of(VirtualMachineInstanceMigration migration)
    {
        if (migration.Status?.Conditions.IsTrue(Conditions.MigrationRejectedByResourceQuota) == true)
        {
            return FailureCause.NoCapacity;
        }

        return Of(Reason(migration));
    }

    public static FailureCause Of(string? reason) => string.IsNullOrEmpty(reason)
        ? FailureCause.Other
        : Signs.FirstOrDefault(sign => sign.Words.Any(word => reason.Contains(word, StringComparison.OrdinalIgnoreCase))).Cause;

    /// <summary>What is on record about the failure.</summary>
    public static string? Reason(VirtualMachineInstanceMigration migration) => migration.Status?.MigrationState?.FailureReason;

    /// <summary>The cause in a few words.</summary>
    public static string Words(FailureCause cause) => cause switch
    {
        FailureCause.Network => "the nodes lost each other",
        FailureCause.TargetDied => "the target ended",
        FailureCause.NoCapacity => "no node had room",
        FailureCause.NotConverging => "the guest writes faster than it can be sent",
        FailureCause.Incompatible => "the target does not fit the guest",
        _ => "something else went wrong",
    };
}
