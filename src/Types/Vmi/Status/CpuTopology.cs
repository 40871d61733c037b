namespace Godwit.Types;

/// <summary>Processor topology as the guest has it.</summary>
public sealed record CpuTopology : ApiPart
{
    public long? Cores { get; init; }

    public long? Sockets { get; init; }

    public long? Threads { get; init; }
}
