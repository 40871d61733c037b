using Godwit.Types;

namespace Godwit.VirtHandler.Disks;

/// <summary>The objects that a VMI's volumes name, by their names; one that does not exist is not in it.</summary>
public sealed record VolumeFacts
{
    public static VolumeFacts None { get; } = new();

    public IReadOnlyDictionary<string, PersistentVolumeClaim> Claims { get; init; } = new Dictionary<string, PersistentVolumeClaim>();

    public IReadOnlyDictionary<string, Secret> Secrets { get; init; } = new Dictionary<string, Secret>();

    public IReadOnlyDictionary<string, ConfigMap> ConfigMaps { get; init; } = new Dictionary<string, ConfigMap>();

    /// <summary>Access modes by claim, as the rules of migratability want them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> AccessModes() =>
        Claims.ToDictionary(pair => pair.Key, pair => pair.Value.Status?.AccessModes ?? pair.Value.Spec?.AccessModes ?? [], StringComparer.Ordinal);
}
