using System.Collections.Immutable;

namespace Godwit.Machinery;

/// <summary>The cached objects of one kind and their indexes, all under one lock.</summary>
internal sealed class ObjectStore<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NamespacedName, Entry> _entries = [];
    private readonly Dictionary<string, Index> _indexes = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    public void AddIndex(string name, Func<T, IEnumerable<string>> values)
    {
        lock (_gate)
        {
            var index = new Index(values);
            foreach (var (key, entry) in _entries)
            {
                index.Change(key, before: null, entry.Object);
            }

            _indexes.Add(name, index);
        }
    }

    public T? Get(NamespacedName key)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(key, out var entry) ? entry.Object : null;
        }
    }

    public string? UidOf(NamespacedName key)
    {
        lock (_gate)
        {
            return _entries.TryGetValue(key, out var entry) ? entry.Identity.Uid : null;
        }
    }

    public IReadOnlyList<T> List()
    {
        lock (_gate)
        {
            return [.. _entries.Values.Select(e => e.Object)];
        }
    }

    public IReadOnlyList<T> ByIndex(string name, string value)
    {
        lock (_gate)
        {
            if (!_indexes.TryGetValue(name, out var index))
            {
                throw new ArgumentException($"There is no index \"{name}\".", nameof(name));
            }

            return [.. index.Keys(value).Select(key => _entries[key].Object)];
        }
    }

    public IReadOnlyList<NamespacedName> Keys()
    {
        lock (_gate)
        {
            return [.. _entries.Keys];
        }
    }

    /// <summary>Stores an object; null when the cache already holds this very version.</summary>
    public Change<T>? Put(ObjectIdentity identity, T @object)
    {
        lock (_gate)
        {
            var known = _entries.TryGetValue(identity.Key, out var before);
            if (known && before.Identity == identity)
            {
                return null;
            }

            _entries[identity.Key] = new(identity, @object);
            foreach (var index in _indexes.Values)
            {
                index.Change(identity.Key, before.Object, @object);
            }

            return new(identity.Key, before.Object, @object);
        }
    }

    /// <summary>Drops an object; null when the cache does not hold it.</summary>
    public Change<T>? Remove(NamespacedName key, T? last = null)
    {
        lock (_gate)
        {
            if (!_entries.Remove(key, out var before))
            {
                return null;
            }

            foreach (var index in _indexes.Values)
            {
                index.Change(key, before.Object, after: null);
            }

            return new(key, last ?? before.Object, New: null);
        }
    }

    private readonly record struct Entry(ObjectIdentity Identity, T Object);

    private sealed class Index(Func<T, IEnumerable<string>> values)
    {
        private readonly Dictionary<string, ImmutableSortedSet<NamespacedName>> _keys = new(StringComparer.Ordinal);

        public ImmutableSortedSet<NamespacedName> Keys(string value) => _keys.GetValueOrDefault(value, []);

        public void Change(NamespacedName key, T? before, T? after)
        {
            var old = before is null ? [] : values(before).ToHashSet(StringComparer.Ordinal);
            var now = after is null ? [] : values(after).ToHashSet(StringComparer.Ordinal);
            foreach (var value in old.Except(now, StringComparer.Ordinal))
            {
                var rest = _keys[value].Remove(key);
                if (rest.IsEmpty)
                {
                    _keys.Remove(value);
                }
                else
                {
                    _keys[value] = rest;
                }
            }

            foreach (var value in now.Except(old, StringComparer.Ordinal))
            {
                _keys[value] = Keys(value).Add(key);
            }
        }
    }
}
