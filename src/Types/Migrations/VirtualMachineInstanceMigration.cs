namespace Godwit.Types;

/// <summary>A request to move one VMI, and how it went.</summary>
public sealed record VirtualMachineInstanceMigration : ApiObject
{
    public VirtualMachineInstanceMigrationSpec? Spec { get; init; }

    public VirtualMachineInstanceMigrationStatus? Status { get; init; }
}
