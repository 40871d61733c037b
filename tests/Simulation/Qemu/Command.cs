using System.Text.Json;

namespace Godwit.Simulation.Qemu;

/// <summary>One command that has reached a machine, and the ways to answer it.</summary>
internal sealed record Command(string Name, JsonElement Arguments, Action<string> Answer, Action<string> Refuse)
{
    public string? Text(string member) =>
        Arguments.ValueKind == JsonValueKind.Object && Arguments.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
