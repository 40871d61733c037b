namespace Godwit.Types;

/// <summary>SMBIOS chassis strings.</summary>
public sealed record ChassisSpec : ApiPart
{
    public string? Manufacturer { get; init; }

    public string? Version { get; init; }

    public string? Serial { get; init; }

    public string? Asset { get; init; }

    public string? Sku { get; init; }
}
