namespace Godwit.Types;

/// <summary>Boots a kernel directly, without a boot disk.</summary>
public sealed record KernelBootSpec : ApiPart
{
    public string? KernelArgs { get; init; }

    public KernelBootContainer? Container { get; init; }
}
