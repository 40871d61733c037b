using System.Collections.Immutable;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>Every resource that is served, built in or custom. Readers take the current table without a lock; writers replace it.</summary>
public sealed class ResourceRegistry
{
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, ResourceInfo> _byName = ImmutableDictionary<string, ResourceInfo>.Empty;

    /// <summary>Raised after a change, outside the lock: discovery and OpenAPI documents are stale.</summary>
    public event EventHandler? Changed;

    public IEnumerable<ResourceInfo> All => _byName.Values;

    /// <summary>Finds by group and plural, whatever versions are served.</summary>
    public ResourceInfo? Find(string group, string plural) =>
        _byName.GetValueOrDefault(group.Length == 0 ? plural : $"{plural}.{group}");

    /// <summary>Finds by <c>plural</c> or <c>plural.group</c>.</summary>
    public ResourceInfo? Find(string qualifiedName) => _byName.GetValueOrDefault(qualifiedName);

    /// <summary>Whether anything is served in this version of the group.</summary>
    public bool Serves(string group, string version) => _byName.Values.Any(r => r.Group == group && r.Version(version) is not null);

    public ResourceInfo? FindKind(string group, string kind) =>
        _byName.Values.FirstOrDefault(r => r.Group == group && r.Kind == kind);

    /// <summary>Adds or replaces a resource.</summary>
    public void Set(ResourceInfo resource)
    {
        lock (_gate)
        {
            _byName = _byName.SetItem(resource.QualifiedName, resource);
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    public bool Remove(string group, string plural)
    {
        var name = group.Length == 0 ? plural : $"{plural}.{group}";
        lock (_gate)
        {
            if (!_byName.ContainsKey(name))
            {
                return false;
            }

            _byName = _byName.Remove(name);
        }

        Changed?.Invoke(this, EventArgs.Empty);
        return true;
    }
}
