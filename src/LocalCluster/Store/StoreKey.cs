namespace Godwit.LocalCluster.Store;

/// <summary>
/// The address of an object in the store: the resource's qualified name (<c>pods</c>, <c>leases.coordination.k8s.io</c>),
/// the namespace (empty for cluster-scoped objects), the name.
/// </summary>
public readonly record struct StoreKey(string Resource, string Namespace, string Name)
{
    /// <summary>Sorts as lists do: by namespace, then by name.</summary>
    public string Path => Namespace.Length == 0 ? Name : Namespace + "/" + Name;

    public override string ToString() => Resource + "/" + Path;
}
