using System.Collections.Immutable;

using Names = System.Collections.Immutable.ImmutableSortedDictionary<string, Godwit.LocalCluster.Store.StoredObject>;
using Namespaces = System.Collections.Immutable.ImmutableSortedDictionary<string, System.Collections.Immutable.ImmutableSortedDictionary<string, Godwit.LocalCluster.Store.StoredObject>>;

namespace Godwit.LocalCluster.Store;

/// <summary>The whole current state at one revision; immutable, so a list is consistent without a lock.</summary>
public sealed class StoreSnapshot
{
    internal static readonly StoreSnapshot Empty = new(0, ImmutableDictionary<string, ResourceState>.Empty);

    private static readonly Names NoNames = ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);
    private static readonly Namespaces NoNamespaces = ImmutableSortedDictionary.Create<string, Names>(StringComparer.Ordinal);

    private readonly ImmutableDictionary<string, ResourceState> _resources;

    private StoreSnapshot(long revision, ImmutableDictionary<string, ResourceState> resources)
    {
        Revision = revision;
        _resources = resources;
    }

    public long Revision { get; }

    public StoredObject? Get(StoreKey key) =>
        _resources.TryGetValue(key.Resource, out var state)
        && state.Objects.TryGetValue(key.Namespace, out var names)
        && names.TryGetValue(key.Name, out var found)
            ? found
            : null;

    /// <summary>Objects of a resource in order of namespace and name; <paramref name="ns"/> empty for all.</summary>
    public IEnumerable<StoredObject> List(string resource, string ns = "")
    {
        if (!_resources.TryGetValue(resource, out var state))
        {
            return [];
        }

        if (ns.Length == 0)
        {
            return state.Objects.Values.SelectMany(n => n.Values);
        }

        return state.Objects.TryGetValue(ns, out var names) ? names.Values : [];
    }

    /// <summary>Names of all resources that have or had objects.</summary>
    public IEnumerable<string> Resources => _resources.Keys;

    /// <summary>How many objects there are of a resource.</summary>
    public int Count(string resource) =>
        _resources.TryGetValue(resource, out var state) ? state.Objects.Values.Sum(n => n.Count) : 0;

    /// <summary>Revision of the last change of any object of the resource; 0 when there was none since the start.</summary>
    public long LastChange(string resource) => _resources.TryGetValue(resource, out var state) ? state.LastChange : 0;

    internal StoreSnapshot With(IEnumerable<StoreEvent> events, long revision)
    {
        var resources = _resources;
        foreach (var change in events)
        {
            var key = change.Object.Key;
            var state = resources.GetValueOrDefault(key.Resource) ?? new ResourceState(NoNamespaces, 0);
            var names = state.Objects.GetValueOrDefault(key.Namespace) ?? NoNames;
            names = change.Type == StoreEventType.Deleted ? names.Remove(key.Name) : names.SetItem(key.Name, change.Object);
            var objects = names.IsEmpty ? state.Objects.Remove(key.Namespace) : state.Objects.SetItem(key.Namespace, names);
            resources = resources.SetItem(key.Resource, new ResourceState(objects, change.Revision));
        }

        return new StoreSnapshot(revision, resources);
    }

    internal static StoreSnapshot Load(IEnumerable<StoredObject> all, long revision)
    {
        var byResource = all.GroupBy(o => o.Key.Resource, StringComparer.Ordinal);
        var resources = ImmutableDictionary.CreateBuilder<string, ResourceState>();
        foreach (var group in byResource)
        {
            var objects = NoNamespaces.ToBuilder();
            foreach (var names in group.GroupBy(o => o.Key.Namespace, StringComparer.Ordinal))
            {
                objects[names.Key] = NoNames.AddRange(names.Select(o => KeyValuePair.Create(o.Key.Name, o)));
            }

            // A deletion before the start may be newer than every object that is left: the start's revision is the safe answer.
            resources[group.Key] = new ResourceState(objects.ToImmutable(), revision);
        }

        return new StoreSnapshot(revision, resources.ToImmutable());
    }

    private sealed record ResourceState(Namespaces Objects, long LastChange);
}
