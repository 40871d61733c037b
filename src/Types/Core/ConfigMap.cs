namespace Godwit.Types;

/// <summary>Plain configuration text by key.</summary>
public sealed record ConfigMap : ApiObject
{
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    public IReadOnlyDictionary<string, string>? BinaryData { get; init; }

    public bool? Immutable { get; init; }
}
