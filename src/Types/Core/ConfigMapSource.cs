using System.Text.Json;

namespace Godwit.Types;

/// <summary>A config map's keys as files.</summary>
public sealed record ConfigMapSource : ApiPart
{
    public string? Name { get; init; }

    public bool? Optional { get; init; }

    public JsonElement? Items { get; init; }

    public int? DefaultMode { get; init; }
}
