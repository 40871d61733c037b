namespace Godwit.Types;

/// <summary>Finds the migration policy that holds for a VMI.</summary>
public static class PolicyMatching
{
    /// <summary>
    /// The policy whose selectors name the most labels; of equals the one that names more labels of the VMI, then the
    /// first by name. Null when none matches. A policy without selectors matches nothing, one with empty selectors all.
    /// </summary>
    public static MigrationPolicy? Match(
        IEnumerable<MigrationPolicy> policies,
        IReadOnlyDictionary<string, string>? vmiLabels,
        IReadOnlyDictionary<string, string>? namespaceLabels) =>
        policies
            .Where(policy => !policy.IsDeleting())
            .Where(policy => policy.Spec?.Selectors is { } selectors
                && HasAll(vmiLabels, selectors.VirtualMachineInstanceSelector)
                && HasAll(namespaceLabels, selectors.NamespaceSelector))
            .OrderByDescending(policy => Count(policy.Spec!.Selectors!.VirtualMachineInstanceSelector)
                + Count(policy.Spec.Selectors.NamespaceSelector))
            .ThenByDescending(policy => Count(policy.Spec!.Selectors!.VirtualMachineInstanceSelector))
            .ThenBy(policy => policy.Metadata.Name, StringComparer.Ordinal)
            .FirstOrDefault();

    private static int Count(IReadOnlyDictionary<string, string>? pairs) => pairs?.Count ?? 0;

    private static bool HasAll(IReadOnlyDictionary<string, string>? labels, IReadOnlyDictionary<string, string>? wanted) =>
        wanted is null || wanted.All(pair =>
            labels is not null && labels.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
