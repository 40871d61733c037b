namespace Godwit.Types;

/// <summary>What must be known to judge a new migration.</summary>
public sealed record MigrationAdmissionFacts
{
    /// <summary>The VMI that the migration names, null when there is none.</summary>
    public VirtualMachineInstance? Vmi { get; init; }

    /// <summary>All migrations of the namespace, or those of this VMI.</summary>
    public IReadOnlyList<VirtualMachineInstanceMigration> Others { get; init; } = [];

    /// <summary>Where the migration is created, as the request says.</summary>
    public required string Namespace { get; init; }

    public required ClusterConfiguration Cluster { get; init; }

    /// <summary>The requester is virt-controller itself.</summary>
    public bool ByController { get; init; }
}
