using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>A watchdog device.</summary>
public sealed record WatchdogSpec : ApiPart
{
    public string? Name { get; init; }

    [JsonPropertyName("i6300esb")]
    public I6300EsbWatchdog? I6300esb { get; init; }

    public JsonElement? Diag288 { get; init; }
}
