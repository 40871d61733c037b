namespace Godwit.Types;

/// <summary>One device of a hardware definition.</summary>
public sealed record HardwareDevice : ApiPart
{
    public string? Id { get; init; }

    public string? Kind { get; init; }

    public string? Bus { get; init; }

    public string? Addr { get; init; }

    public IReadOnlyDictionary<string, string>? Properties { get; init; }
}
