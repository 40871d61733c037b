namespace Godwit.Types;

/// <summary>What caches leave out of objects of every kind.</summary>
public static class CachedObjects
{
    private const string ManagedFields = "managedFields";

    /// <summary>
    /// The object without the record of who has set which field, which only the API server reads and which is often larger than the
    /// rest. It may be written all the same: the API server keeps its record when a document comes without one.
    /// </summary>
    public static T WithoutManagedFields<T>(this T item)
        where T : ApiObject =>
        item.Metadata.Extra?.ContainsKey(ManagedFields) != true
            ? item
            : item with
            {
                Metadata = item.Metadata with
                {
                    Extra = item.Metadata.Extra.Count == 1
                        ? null
                        : item.Metadata.Extra.Where(static field => field.Key != ManagedFields).ToDictionary(StringComparer.Ordinal),
                },
            };
}
