using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Admission;

/// <summary>What all objects of one resource say, by their names; read again only when one of them changed.</summary>
internal sealed class StoredList<T>(string resource, Func<JsonObject, IEnumerable<T>> read)
{
    private Cached _cached = new(-1, []);

    public IReadOnlyList<T> Current(StoreSnapshot state)
    {
        var change = state.LastChange(resource);
        var cached = _cached;
        if (cached.Change != change)
        {
            cached = new Cached(change, [.. state.List(resource).SelectMany(o => read(o.ToJsonObject()))]);
            _cached = cached;
        }

        return cached.Items;
    }

    private sealed record Cached(long Change, IReadOnlyList<T> Items);
}
