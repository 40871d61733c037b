namespace Godwit.Types;

/// <summary>How often in a row the virtual machine ended before it ran, and when it is tried again.</summary>
public sealed record VirtualMachineStartFailure : ApiPart
{
    public int? ConsecutiveFailCount { get; init; }

    public string? LastFailedVMIUID { get; init; }

    public DateTimeOffset? RetryAfterTimestamp { get; init; }
}
