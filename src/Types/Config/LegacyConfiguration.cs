using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>
/// The settings of the ConfigMap <c>kubevirt-config</c>, as installations of 2020 have them. A key that cannot be read
/// does not count as an empty one: the caller keeps what it had before and says so.
/// </summary>
public sealed record LegacyConfiguration
{
    /// <summary>The text of <c>feature-gates</c>; null when the key is absent, and then no gate is on.</summary>
    public string? FeatureGates { get; init; }

    public MigrationConfiguration Migrations { get; init; } = new();

    public string? MachineType { get; init; }

    public IReadOnlyList<string>? EmulatedMachines { get; init; }

    public string? CpuModel { get; init; }

    public string? CpuRequest { get; init; }

    public long? MemoryOvercommit { get; init; }

    public bool? UseEmulation { get; init; }

    public string? ImagePullPolicy { get; init; }

    public string? DefaultNetworkInterface { get; init; }

    public bool? PermitBridgeInterfaceOnPodNetwork { get; init; }

    /// <summary>What could not be read, by key; empty when all is well.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>The gate appears anywhere in the text.</summary>
    public bool HasGate(string gate) => FeatureGates?.Contains(gate, StringComparison.Ordinal) == true;

    /// <summary>Reads the map; a key with an error keeps the value of <paramref name="previous"/>.</summary>
    public static LegacyConfiguration Read(ConfigMap map, LegacyConfiguration? previous = null)
    {
        var data = map.Data ?? new Dictionary<string, string>();
        var errors = new List<string>();
        var migrations = new MigrationConfiguration();
        if (data.TryGetValue("migrations", out var text))
        {
            try
            {
                migrations = ReadMigrations(text);
            }
            catch (FormatException error)
            {
                errors.Add($"migrations: {error.Message}");
                migrations = previous?.Migrations ?? migrations;
            }
        }

        return new LegacyConfiguration
        {
            FeatureGates = data.GetValueOrDefault("feature-gates"),
            Migrations = migrations,
            MachineType = Text(data, "machine-type"),
            EmulatedMachines = Text(data, "emulated-machines") is { } machines
                ? machines.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                : null,
            CpuModel = Text(data, "default-cpu-model"),
            CpuRequest = QuantityText(data, "cpu-request", previous?.CpuRequest, errors),
            MemoryOvercommit = Positive(data, "memory-overcommit", previous?.MemoryOvercommit, errors),
            UseEmulation = Bool(data, "debug.useEmulation", previous?.UseEmulation, errors),
            ImagePullPolicy = OneOf(
                data, "dev.imagePullPolicy", previous?.ImagePullPolicy, errors, "Always", "IfNotPresent", "Never"),
            DefaultNetworkInterface = OneOf(
                data, "default-network-interface", previous?.DefaultNetworkInterface, errors, "bridge", "masquerade"),
            PermitBridgeInterfaceOnPodNetwork = Bool(
                data,
                "permitBridgeInterfaceOnPodNetwork",
                previous?.PermitBridgeInterfaceOnPodNetwork,
                errors),
            Errors = errors,
        };
    }

    /// <summary>Reads the YAML or JSON text of <c>migrations</c>. Integers must be bare, a quoted one is an error.</summary>
    public static MigrationConfiguration ReadMigrations(string text)
    {
        JsonNode? node;
        try
        {
            node = Yaml.Parse(text);
        }
        catch (Exception error) when (error is YamlSyntaxException or FormatException)
        {
            throw new FormatException($"this is neither YAML nor JSON: {error.Message}", error);
        }

        if (node is null)
        {
            return new MigrationConfiguration();
        }

        if (node is not JsonObject)
        {
            throw new FormatException("an object with settings is wanted, such as 'bandwidthPerMigration: 64Mi'");
        }

        MigrationConfiguration? read;
        try
        {
            read = node.Deserialize(TypesJson.Default.MigrationConfiguration);
        }
        catch (JsonException error)
        {
            throw new FormatException($"{(error.Path ?? "$").TrimStart('$', '.')} has a value of the wrong type", error);
        }

        var errors = PolicyValidation.Settings(read!, "migrations");
        return errors.Count == 0 ? read! : throw new FormatException(string.Join("; ", errors));
    }

    private static string? Text(IReadOnlyDictionary<string, string> data, string key) =>
        data.TryGetValue(key, out var text) && text.Trim().Length > 0 ? text.Trim() : null;

    private static bool? Bool(
        IReadOnlyDictionary<string, string> data, string key, bool? previous, List<string> errors)
    {
        switch (Text(data, key))
        {
            case null:
                return null;
            case "true":
                return true;
            case "false":
                return false;
            case var other:
                errors.Add($"{key}: \"true\" or \"false\" is wanted, not \"{other}\"");
                return previous;
        }
    }

    private static long? Positive(
        IReadOnlyDictionary<string, string> data, string key, long? previous, List<string> errors)
    {
        if (Text(data, key) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            return number;
        }

        errors.Add($"{key}: a whole number above 0 is wanted, not \"{text}\"");
        return previous;
    }

    private static string? QuantityText(
        IReadOnlyDictionary<string, string> data, string key, string? previous, List<string> errors)
    {
        if (Text(data, key) is not { } text || Sizes.IsQuantity(text))
        {
            return Text(data, key);
        }

        errors.Add($"{key}: \"{text}\" is no quantity");
        return previous;
    }

    private static string? OneOf(
        IReadOnlyDictionary<string, string> data,
        string key,
        string? previous,
        List<string> errors,
        params ReadOnlySpan<string> choices)
    {
        if (Text(data, key) is not { } text || choices.Contains(text))
        {
            return Text(data, key);
        }

        errors.Add($"{key}: \"{text}\" is none of {string.Join(", ", choices.ToArray())}");
        return previous;
    }
}
