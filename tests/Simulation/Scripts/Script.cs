using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Simulation.Scripts;

/// <summary>One episode: the cluster, the chance of its delays, and what is done to it.</summary>
internal sealed record Script(ulong Seed, Setting Setting, IReadOnlyList<Step> Steps)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>What it showed when it was found; for people.</summary>
    public string? About { get; init; }

    public static Script Read(string file) => JsonSerializer.Deserialize<Script>(File.ReadAllText(file), Options)
        ?? throw new InvalidDataException($"{file} holds no script");

    public string ToJson() => JsonSerializer.Serialize(this, Options);
}
