namespace Godwit.Types;

/// <summary>The pod's own network.</summary>
public sealed record PodNetwork : ApiPart
{
    public string? VmNetworkCIDR { get; init; }

    public string? VmIPv6NetworkCIDR { get; init; }
}
