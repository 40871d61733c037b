namespace Godwit.Types;

/// <summary>A feature that is on unless it says otherwise.</summary>
public sealed record FeatureState : ApiPart
{
    public bool? Enabled { get; init; }
}
