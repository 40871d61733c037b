namespace Godwit.Types;

/// <summary>The machine type, such as <c>q35</c>.</summary>
public sealed record MachineSpec : ApiPart
{
    public string? Type { get; init; }
}
