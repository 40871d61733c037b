namespace Godwit.Types;

/// <summary>The interrupt controller.</summary>
public sealed record FeatureApic : ApiPart
{
    public bool? Enabled { get; init; }

    public bool? EndOfInterrupt { get; init; }
}
