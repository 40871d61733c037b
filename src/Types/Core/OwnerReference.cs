namespace Godwit.Types;

/// <summary>Points from a dependent to the object that it dies with.</summary>
public sealed record OwnerReference : ApiPart
{
    public string? ApiVersion { get; init; }

    public string? Kind { get; init; }

    public string? Name { get; init; }

    public string? Uid { get; init; }

    public bool? Controller { get; init; }

    public bool? BlockOwnerDeletion { get; init; }
}
