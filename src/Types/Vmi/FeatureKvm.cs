namespace Godwit.Types;

/// <summary>What the guest may see of the hypervisor.</summary>
public sealed record FeatureKvm : ApiPart
{
    public bool? Hidden { get; init; }
}
