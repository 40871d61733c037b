namespace Godwit.Machinery;

/// <summary>The built-in kinds that the machinery itself works with.</summary>
internal static class CoreKinds
{
    public static ResourceKind Pod { get; } = new("", "v1", "pods", "Pod", Namespaced: true);

    public static ResourceKind Event { get; } = new("", "v1", "events", "Event", Namespaced: true);

    public static ResourceKind Lease { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", Namespaced: true);
}
