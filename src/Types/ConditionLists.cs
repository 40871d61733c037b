namespace Godwit.Types;

/// <summary>Reads and changes lists of conditions.</summary>
public static class ConditionLists
{
    public static Condition? Find(this IReadOnlyList<Condition>? conditions, string type) =>
        conditions?.FirstOrDefault(condition => condition.Type == type);

    public static bool IsTrue(this IReadOnlyList<Condition>? conditions, string type) =>
        conditions.Find(type)?.Status == Conditions.True;

    public static bool IsFalse(this IReadOnlyList<Condition>? conditions, string type) =>
        conditions.Find(type)?.Status == Conditions.False;

    /// <summary>
    /// The list with the condition in it. The transition time moves only when the status does, and when nothing
    /// changes the very same list comes back.
    /// </summary>
    public static IReadOnlyList<Condition> With(
        this IReadOnlyList<Condition>? conditions,
        string type,
        bool status,
        DateTimeOffset now,
        string? reason = null,
        string? message = null)
    {
        var text = status ? Conditions.True : Conditions.False;
        var old = conditions.Find(type);
        if (conditions is not null && old is not null
            && old.Status == text && old.Reason == reason && old.Message == message)
        {
            return conditions;
        }

        var fresh = (old ?? new Condition { Type = type }) with
        {
            Status = text,
            Reason = reason,
            Message = message,
            LastTransitionTime = old?.Status == text ? old.LastTransitionTime : Timestamps.Seconds(now),
        };
        return old is null
            ? [.. conditions ?? [], fresh]
            : [.. conditions!.Select(condition => ReferenceEquals(condition, old) ? fresh : condition)];
    }

    /// <summary>The list without the condition; the same list when it was not there.</summary>
    public static IReadOnlyList<Condition> Without(this IReadOnlyList<Condition>? conditions, string type) =>
        conditions.Find(type) is null
            ? conditions ?? []
            : [.. conditions!.Where(condition => condition.Type != type)];
}
