namespace Godwit.Machinery;

/// <summary>One kind of object as the API server names it; knows the paths under which such objects live.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version, such as <c>v1</c>.</param>
/// <param name="Plural">Resource name in paths, such as <c>pods</c>.</param>
/// <param name="Kind">Kind in documents, such as <c>Pod</c>.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
public sealed record ResourceKind(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    /// <summary><c>apiVersion</c> as documents carry it.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Name in messages and RBAC, such as <c>leases.coordination.k8s.io</c>.</summary>
    public string GroupResource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Path of the group and version: <c>/api/v1</c> or <c>/apis/group/version</c>.</summary>
    public string Root => Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";

    /// <summary>Path of a collection; a null or empty namespace means all namespaces.</summary>
    public string CollectionPath(string? @namespace) => Namespaced && !string.IsNullOrEmpty(@namespace)
        ? $"{Root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}"
        : $"{Root}/{Plural}";

    /// <summary>Path of one object, or of a subresource of it.</summary>
    public string Path(NamespacedName name, string? subresource = null)
    {
        if (name.Name.Length == 0)
        {
            throw new ArgumentException($"An object of {GroupResource} needs a name.", nameof(name));
        }

        if (Namespaced && name.Namespace.Length == 0)
        {
            throw new ArgumentException($"{GroupResource} \"{name.Name}\" needs a namespace.", nameof(name));
        }

        var path = $"{CollectionPath(name.Namespace)}/{Uri.EscapeDataString(name.Name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    /// <inheritdoc/>
    public override string ToString() => $"{ApiVersion} {Kind}";
}
