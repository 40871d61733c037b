using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>How far a guest may grow while it runs.</summary>
public sealed record LiveUpdateConfiguration : ApiPart
{
    public long? MaxHotplugRatio { get; init; }

    public long? MaxCpuSockets { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? MaxGuest { get; init; }
}
