namespace Godwit.Types;

/// <summary>How far the migration is.</summary>
public sealed record VirtualMachineInstanceMigrationStatus : ApiPart
{
    public string? Phase { get; init; }

    public IReadOnlyList<PhaseTransition>? PhaseTransitionTimestamps { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    public MigrationState? MigrationState { get; init; }

    public IReadOnlyList<string>? SynchronizationAddresses { get; init; }

    public MigrationSummary? Summary { get; init; }
}
