using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Keys, references and guarded patches of API objects.</summary>
internal static class ApiObjects
{
    public static NamespacedName Key(this ApiObject item) =>
        new(item.Metadata.Namespace ?? "", item.Metadata.Name ?? "");

    public static ObjectReference Reference(this ApiObject item, ResourceKind kind) =>
        new(kind.ApiVersion, kind.Kind, item.Key(), item.Metadata.Uid ?? "", item.Metadata.ResourceVersion ?? "");

    /// <summary>
    /// The merge patch that turns one state into the other, valid only for the version that was read: a decision that was
    /// made on an old state is refused instead of undoing what came since. Null when nothing changes.
    /// </summary>
    public static JsonObject? Patch<T>(T before, T after, JsonTypeInfo<T> type)
        where T : ApiObject
    {
        if (ReferenceEquals(before, after))
        {
            return null;
        }

        // Mostly nothing is new, and that shows at less cost than a difference.
        var (was, now) = (JsonSerializer.SerializeToUtf8Bytes(before, type), JsonSerializer.SerializeToUtf8Bytes(after, type));
        if (was.AsSpan().SequenceEqual(now))
        {
            return null;
        }

        var patch = MergePatch.Diff(JsonNode.Parse(was)!.AsObject(), JsonNode.Parse(now)!.AsObject());
        if (patch.Count == 0)
        {
            return null;
        }

        patch.Ensure("metadata")["resourceVersion"] = before.Metadata.ResourceVersion;
        return patch;
    }

    public static IReadOnlyDictionary<string, string> With(
        this IReadOnlyDictionary<string, string>? pairs, string key, string value) =>
        new Dictionary<string, string>(pairs ?? new Dictionary<string, string>(), StringComparer.Ordinal) { [key] = value };

    public static IReadOnlyDictionary<string, string>? Without(
        this IReadOnlyDictionary<string, string>? pairs, string key) =>
        pairs is null || !pairs.ContainsKey(key)
            ? pairs
            : pairs.Where(pair => pair.Key != key).ToDictionary(StringComparer.Ordinal);

    /// <summary>Records a phase, the first time that it is entered.</summary>
    public static IReadOnlyList<PhaseTransition> With(
        this IReadOnlyList<PhaseTransition>? transitions, string phase, DateTimeOffset now) =>
        transitions?.Any(transition => transition.Phase == phase) == true
            ? transitions
            :
            [
                .. transitions ?? [],
                new PhaseTransition { Phase = phase, PhaseTransitionTimestamp = Timestamps.Seconds(now) },
            ];

    /// <summary>When the phase was entered, if it was.</summary>
    public static DateTimeOffset? EnteredAt(this IReadOnlyList<PhaseTransition>? transitions, string phase) =>
        transitions?.FirstOrDefault(transition => transition.Phase == phase)?.PhaseTransitionTimestamp;
}
