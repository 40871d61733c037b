namespace Godwit.Types;

/// <summary>An ordinary disk.</summary>
public sealed record DiskTarget : ApiPart
{
    public string? Bus { get; init; }

    public bool? Readonly { get; init; }

    public string? PciAddress { get; init; }
}
