namespace Godwit.Types;

/// <summary>A site-specific DHCP option.</summary>
public sealed record DhcpPrivateOption : ApiPart
{
    public int? Option { get; init; }

    public string? Value { get; init; }
}
