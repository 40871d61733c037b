namespace Godwit.VirtHandler.Migration;

/// <summary>
/// Names that one attempt leaves in QEMU. They carry the migration's UID, so that after a restart QEMU itself tells which of
/// its statuses and jobs belong to this attempt and which to an earlier one.
/// </summary>
public sealed class AttemptNames(string migrationUid)
{
    private const string Prefix = "attempt-";

    private readonly string _short = migrationUid.Replace("-", "", StringComparison.Ordinal) is { Length: > 12 } hex ? hex[..12] : migrationUid;

    public string Tls => $"{Prefix}{_short}-tls";

    public string Authorization => $"{Prefix}{_short}-authz";

    /// <summary>Exists once QEMU has been set up.</summary>
    public string PreparedMarker => $"{Prefix}{_short}-prepared";

    /// <summary>Exists just before the order to migrate is given: a migration status is then about this attempt.</summary>
    public string BegunMarker => $"{Prefix}{_short}-begun";

    /// <summary>Exists just before post-copy is ordered: from then on the commit comes before the switch.</summary>
    public string PostCopyMarker => $"{Prefix}{_short}-postcopy";

    public string Job(int index) => $"m{_short}-{index}";

    public bool IsOurJob(string jobId) => jobId.StartsWith($"m{_short}-", StringComparison.Ordinal);

    /// <summary>The node by which the source reaches the target's disk number <paramref name="index"/>.</summary>
    public string RemoteNode(int index) => $"r{_short}-{index}";

    /// <summary>The name of an object of any attempt.</summary>
    public static bool IsAnAttempts(string objectId) => objectId.StartsWith(Prefix, StringComparison.Ordinal);
}
