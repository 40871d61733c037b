namespace Godwit.Types;

/// <summary>One address of a pod.</summary>
public sealed record PodIP : ApiPart
{
    public string? Ip { get; init; }
}
