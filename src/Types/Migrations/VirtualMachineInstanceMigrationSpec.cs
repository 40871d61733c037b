namespace Godwit.Types;

/// <summary>Which VMI moves, and where it may go.</summary>
public sealed record VirtualMachineInstanceMigrationSpec : ApiPart
{
    public string? VmiName { get; init; }

    public IReadOnlyDictionary<string, string>? AddedNodeSelector { get; init; }

    public MigrationSendTo? SendTo { get; init; }

    public MigrationReceive? Receive { get; init; }

    public string? Priority { get; init; }
}
