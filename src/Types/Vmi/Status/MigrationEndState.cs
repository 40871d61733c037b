namespace Godwit.Types;

/// <summary>One end's view of a migration.</summary>
public sealed record MigrationEndState : ApiPart
{
    public string? Node { get; init; }

    public string? Pod { get; init; }

    public string? MigrationUID { get; init; }

    public string? DomainName { get; init; }

    public string? DomainNamespace { get; init; }

    public string? SyncAddress { get; init; }

    public string? PersistentStatePVCName { get; init; }

    public string? SelinuxContext { get; init; }

    public string? VirtualMachineInstanceUID { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelectors { get; init; }

    public DateTimeOffset? DomainReadyTimestamp { get; init; }

    public bool? DomainDetected { get; init; }

    public string? NodeAddress { get; init; }

    public IReadOnlyDictionary<string, int>? DirectMigrationNodePorts { get; init; }

    public string? AttachmentPodUID { get; init; }

    public IReadOnlyList<int>? CpuSet { get; init; }

    public string? NodeTopology { get; init; }
}
