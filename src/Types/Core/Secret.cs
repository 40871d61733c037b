namespace Godwit.Types;

/// <summary>Secret bytes by key, in base64.</summary>
public sealed record Secret : ApiObject
{
    public string? Type { get; init; }

    public IReadOnlyDictionary<string, string>? Data { get; init; }

    public IReadOnlyDictionary<string, string>? StringData { get; init; }

    public bool? Immutable { get; init; }
}
