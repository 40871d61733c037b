using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>
/// Who depends on whom, at one revision of the store. A look costs what changed since the last one, not what there is: it comes after
/// every write.
/// </summary>
internal sealed class ObjectGraph(ObjectStore store)
{
    // In the order of their names, so that what goes together always goes in the same order.
    private static readonly Comparer<StoreKey> ByName = Comparer<StoreKey>.Create(static (a, b) =>
        string.CompareOrdinal(a.Resource, b.Resource) is var resource and not 0 ? resource
        : string.CompareOrdinal(a.Namespace, b.Namespace) is var ns and not 0 ? ns
        : string.CompareOrdinal(a.Name, b.Name));

    private readonly Dictionary<string, Resource> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObjectNode> _byUid = new(StringComparer.Ordinal);
    private readonly SortedDictionary<StoreKey, ObjectNode> _concerned = new(ByName);
    private readonly Dictionary<string, SortedDictionary<StoreKey, ObjectNode>> _dependents = new(StringComparer.Ordinal);

    /// <summary>Objects that have owners, or whose deletion waits for dependents.</summary>
    public IReadOnlyCollection<ObjectNode> Concerned => _concerned.Values;

    public ObjectNode? Find(string uid) => _byUid.GetValueOrDefault(uid);

    public IReadOnlyCollection<ObjectNode> Dependents(string uid) => _dependents.TryGetValue(uid, out var found) ? found.Values : [];

    public void Update(StoreSnapshot state)
    {
        foreach (var name in state.Resources)
        {
            if (!_resources.TryGetValue(name, out var resource))
            {
                _resources[name] = resource = new Resource();
            }

            var change = state.LastChange(name);
            if (resource.Change == change)
            {
                continue;
            }

            var changes = new List<StoreEvent>();
            if (resource.Change >= 0 && store.TryReadRecent(name, resource.Change, change, changes))
            {
                foreach (var each in changes)
                {
                    Set(resource, each.Object, each.Type == StoreEventType.Deleted);
                }
            }
            else
            {
                ReadAll(resource, state.List(name));
            }

            resource.Change = change;
        }
    }

    private void ReadAll(Resource resource, IEnumerable<StoredObject> all)
    {
        var gone = resource.Nodes.Keys.ToHashSet();
        foreach (var stored in all)
        {
            gone.Remove(stored.Key);
            Set(resource, stored, deleted: false);
        }

        foreach (var key in gone)
        {
            Forget(resource, key);
        }
    }

    private void Set(Resource resource, StoredObject stored, bool deleted)
    {
        if (!deleted && resource.Nodes.TryGetValue(stored.Key, out var known) && known.Revision == stored.Revision)
        {
            return;
        }

        Forget(resource, stored.Key);
        if (deleted)
        {
            return;
        }

        var node = ObjectNode.Read(stored);
        resource.Nodes[node.Key] = (stored.Revision, node);
        _byUid[node.Uid] = node;
        if (node.Owners.Count > 0 || node.WaitsForDependents || node.LetsDependentsGo)
        {
            _concerned[node.Key] = node;
        }

        foreach (var owner in node.Owners)
        {
            if (!_dependents.TryGetValue(owner.Uid, out var dependents))
            {
                _dependents[owner.Uid] = dependents = new SortedDictionary<StoreKey, ObjectNode>(ByName);
            }

            dependents[node.Key] = node;
        }
    }

    private void Forget(Resource resource, StoreKey key)
    {
        if (!resource.Nodes.Remove(key, out var known))
        {
            return;
        }

        var node = known.Node;
        if (ReferenceEquals(Find(node.Uid), node))
        {
            _byUid.Remove(node.Uid);
        }

        _concerned.Remove(key);
        foreach (var owner in node.Owners)
        {
            if (_dependents.TryGetValue(owner.Uid, out var dependents) && dependents.Remove(key) && dependents.Count == 0)
            {
                _dependents.Remove(owner.Uid);
            }
        }
    }

    private sealed class Resource
    {
        public long Change { get; set; } = -1;

        public Dictionary<StoreKey, (long Revision, ObjectNode Node)> Nodes { get; } = [];
    }
}
