using System.Text.Json;

namespace Godwit.Types;

/// <summary>An environment variable of a container.</summary>
public sealed record EnvVar : ApiPart
{
    public string? Name { get; init; }

    public string? Value { get; init; }

    public JsonElement? ValueFrom { get; init; }
}
