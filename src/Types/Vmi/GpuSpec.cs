using System.Text.Json;

namespace Godwit.Types;

/// <summary>A GPU of the node.</summary>
public sealed record GpuSpec : ApiPart
{
    public string? Name { get; init; }

    public string? DeviceName { get; init; }

    public string? ClaimName { get; init; }

    public string? RequestName { get; init; }

    public JsonElement? VirtualGPUOptions { get; init; }

    public string? Tag { get; init; }
}
