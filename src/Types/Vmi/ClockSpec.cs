using System.Text.Json;

namespace Godwit.Types;

/// <summary>The clock that the guest sees.</summary>
public sealed record ClockSpec : ApiPart
{
    public ClockUtc? Utc { get; init; }

    public string? Timezone { get; init; }

    public JsonElement? Timer { get; init; }
}
