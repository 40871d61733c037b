namespace Godwit.Types;

/// <summary>The component that reported an event.</summary>
public sealed record EventSource : ApiPart
{
    public string? Component { get; init; }

    public string? Host { get; init; }
}
