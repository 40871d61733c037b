namespace Godwit.Types;

/// <summary>A claim that receives a memory dump.</summary>
public sealed record MemoryDumpVolume : ApiPart
{
    public string? ClaimName { get; init; }

    public bool? ReadOnly { get; init; }

    public bool? Hotpluggable { get; init; }
}
