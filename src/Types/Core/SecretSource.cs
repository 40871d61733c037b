using System.Text.Json;

namespace Godwit.Types;

/// <summary>A secret's keys as files.</summary>
public sealed record SecretSource : ApiPart
{
    public string? SecretName { get; init; }

    public bool? Optional { get; init; }

    public JsonElement? Items { get; init; }

    public int? DefaultMode { get; init; }
}
