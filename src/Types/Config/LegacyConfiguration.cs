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
    /// <summary>Keys whose values can be wrong, in the order in which they are noted.</summary>
    private static readonly string[] Judged =
    [
        MigrationsKey, CpuRequestKey, MemoryOvercommitKey, UseEmulationKey, ImagePullPolicyKey, DefaultInterfaceKey, PermitBridgeKey,
    ];

    private const string MigrationsKey = "migrations";
    private const string CpuRequestKey = "cpu-request";
    private const string MemoryOvercommitKey = "memory-overcommit";
    private const string UseEmulationKey = "debug.useEmulation";
    private const string ImagePullPolicyKey = "dev.imagePullPolicy";
    private const string DefaultInterfaceKey = "default-network-interface";
    private const string PermitBridgeKey = "permitBridgeInterfaceOnPodNetwork";

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

    /// <summary>
    /// Reads the map; a key with an error keeps the value of <paramref name="previous"/>. Without one it is the value that
    /// <see cref="LastGood"/> had noted on the map, so that a process which starts later holds what those before it held.
    /// </summary>
    public static LegacyConfiguration Read(ConfigMap map, LegacyConfiguration? previous = null)
    {
        previous ??= Noted(map) is { Count: > 0 } noted ? Read(new ConfigMap { Data = noted }) : null;
        var data = map.Data ?? new Dictionary<string, string>();
        var errors = new List<string>();
        var migrations = new MigrationConfiguration();
        if (data.TryGetValue(MigrationsKey, out var text))
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
            CpuRequest = QuantityText(data, CpuRequestKey, previous?.CpuRequest, errors),
            MemoryOvercommit = Positive(data, MemoryOvercommitKey, previous?.MemoryOvercommit, errors),
            UseEmulation = Bool(data, UseEmulationKey, previous?.UseEmulation, errors),
            ImagePullPolicy = OneOf(
                data, ImagePullPolicyKey, previous?.ImagePullPolicy, errors, "Always", "IfNotPresent", "Never"),
            DefaultNetworkInterface = OneOf(
                data, DefaultInterfaceKey, previous?.DefaultNetworkInterface, errors, "bridge", "masquerade"),
            PermitBridgeInterfaceOnPodNetwork = Bool(
                data,
                PermitBridgeKey,
                previous?.PermitBridgeInterfaceOnPodNetwork,
                errors),
            Errors = errors,
        };
    }

    /// <summary>
    /// What is to be noted on the map, under <see cref="Annotations.LastGoodConfiguration"/>: its readable values, and for keys
    /// that cannot be read what was noted before. Null when nothing there could ever be wrong.
    /// </summary>
    public static string? LastGood(ConfigMap map)
    {
        var before = Noted(map);
        var good = new JsonObject();
        foreach (var key in Judged.Where(key => map.Data?.ContainsKey(key) == true))
        {
            var alone = new ConfigMap { Data = new Dictionary<string, string> { [key] = map.Data![key] } };
            if (Read(alone).Errors.Count == 0)
            {
                good[key] = map.Data[key];
            }
            else if (before.TryGetValue(key, out var value))
            {
                good[key] = value;
            }
        }

        return good.Count == 0 ? null : good.ToJsonString();
    }

    private static Dictionary<string, string> Noted(ConfigMap map)
    {
        try
        {
            var noted = map.Metadata.Annotation(Annotations.LastGoodConfiguration) is { } text ? JsonNode.Parse(text) as JsonObject : null;
            return (noted ?? []).Where(pair => pair.Value.Text() is not null).ToDictionary(pair => pair.Key, pair => pair.Value.Text()!, StringComparer.Ordinal);
        }
        catch (JsonException)
        {
            // Somebody's hand was in it: as if it had never been noted.
            return [];
        }
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
