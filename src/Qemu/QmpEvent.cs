using System.Text.Json;

namespace Godwit.Qemu;

/// <summary>One event of a monitor, with its place in the order of arrival and QEMU's own time of it.</summary>
public sealed record QmpEvent(long Position, string Name, JsonElement Data, DateTimeOffset Timestamp)
{
    /// <summary>The string member <paramref name="member"/> of the event's data, or null.</summary>
    public string? Text(string member) =>
        Data.ValueKind == JsonValueKind.Object
        && Data.TryGetProperty(member, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>True for a MIGRATION event that tells one of <paramref name="statuses"/>.</summary>
    public bool IsMigration(params ReadOnlySpan<string> statuses) =>
        Name == "MIGRATION" && Text("status") is { } status && statuses.Contains(status);
}
