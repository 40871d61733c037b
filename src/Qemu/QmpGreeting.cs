using System.Text.Json;

namespace Godwit.Qemu;

/// <summary>The first line of a monitor.</summary>
public sealed record QmpGreeting(QemuVersion Version, bool OutOfBand)
{
    public static QmpGreeting None { get; } = new(new QemuVersion(0, 0, 0, ""), OutOfBand: false);

    /// <summary>Reads the value of the greeting's <c>QMP</c> member.</summary>
    public static QmpGreeting Parse(JsonElement greeting)
    {
        var version = greeting.TryGetProperty("version", out var v) ? QemuVersion.FromQmp(v) : None.Version;
        var oob = greeting.TryGetProperty("capabilities", out var capabilities)
            && capabilities.ValueKind == JsonValueKind.Array
            && capabilities.EnumerateArray().Any(c => c.ValueKind == JsonValueKind.String && c.GetString() == "oob");
        return new QmpGreeting(version, oob);
    }
}
