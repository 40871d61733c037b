namespace Godwit.Types;

/// <summary>Linux capabilities given to or taken from a container.</summary>
public sealed record Capabilities : ApiPart
{
    public IReadOnlyList<string>? Add { get; init; }

    public IReadOnlyList<string>? Drop { get; init; }
}
