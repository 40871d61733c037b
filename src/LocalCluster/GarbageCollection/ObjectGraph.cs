using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>Who depends on whom, at one revision of the store. Only what changed since the last look is read again.</summary>
internal sealed class ObjectGraph
{
    private readonly Dictionary<string, Resource> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObjectNode> _byUid = new(StringComparer.Ordinal);
    private Dictionary<string, List<ObjectNode>> _dependents = new(StringComparer.Ordinal);

    /// <summary>Objects that have owners, or whose deletion waits for dependents.</summary>
    public IReadOnlyList<ObjectNode> Concerned { get; private set; } = [];

    public ObjectNode? Find(string uid) => _byUid.GetValueOrDefault(uid);

    public IReadOnlyList<ObjectNode> Dependents(string uid) => _dependents.TryGetValue(uid, out var found) ? found : [];

    public void Update(StoreSnapshot state)
    {
        foreach (var name in state.Resources)
        {
            var resource = _resources.GetValueOrDefault(name) ?? new Resource(-1, []);
            var change = state.LastChange(name);
            if (resource.Change != change)
            {
                _resources[name] = Read(state, name, resource, change);
            }
        }

        // In the order of their names, so that what goes together always goes in the same order.
        Concerned =
        [
            .. _byUid.Values.Where(n => n.Owners.Count > 0 || n.WaitsForDependents || n.LetsDependentsGo)
                .OrderBy(n => n.Key.Resource, StringComparer.Ordinal)
                .ThenBy(n => n.Key.Namespace, StringComparer.Ordinal)
                .ThenBy(n => n.Key.Name, StringComparer.Ordinal),
        ];
        _dependents = Concerned
            .SelectMany(n => n.Owners.Select(o => (o.Uid, Node: n)))
            .GroupBy(p => p.Uid, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(p => p.Node).ToList(), StringComparer.Ordinal);
    }

    private Resource Read(StoreSnapshot state, string name, Resource before, long change)
    {
        var nodes = new Dictionary<StoreKey, (long Revision, ObjectNode Node)>();
        foreach (var stored in state.List(name))
        {
            nodes[stored.Key] = before.Nodes.TryGetValue(stored.Key, out var known) && known.Revision == stored.Revision
                ? known
                : (stored.Revision, ObjectNode.Read(stored));
        }

        foreach (var (_, gone) in before.Nodes.Values)
        {
            _byUid.Remove(gone.Uid);
        }

        foreach (var (_, node) in nodes.Values)
        {
            _byUid[node.Uid] = node;
        }

        return new Resource(change, nodes);
    }

    private sealed record Resource(long Change, Dictionary<StoreKey, (long Revision, ObjectNode Node)> Nodes);
}
