namespace Godwit.Types;

/// <summary>Names an object in the namespace of the one that holds the reference.</summary>
public sealed record LocalObjectReference : ApiPart
{
    public string? Name { get; init; }
}
