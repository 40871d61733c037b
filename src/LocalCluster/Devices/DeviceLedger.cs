namespace Godwit.LocalCluster.Devices;

/// <summary>Who was given which device. Not safe for several threads at once.</summary>
public sealed class DeviceLedger(IEnumerable<DeviceAllocation> allocations)
{
    private readonly List<DeviceAllocation> _allocations = [.. allocations];
    private readonly HashSet<(string Resource, string Id)> _reserved = [];

    public IReadOnlyList<DeviceAllocation> Allocations => _allocations;

    /// <summary>What the container has of the resource already; null if nothing.</summary>
    public DeviceAllocation? Find(string podUid, string container, string resource) =>
        _allocations.Find(a => a.PodUid == podUid && a.Container == container && a.Resource == resource);

    /// <summary>Sets devices aside that nobody has; null when there are not so many. They are given or unreserved later.</summary>
    public IReadOnlyList<string>? Reserve(string resource, IEnumerable<string> healthy, long count)
    {
        var taken = _allocations.Where(a => a.Resource == resource).SelectMany(a => a.DeviceIds).ToHashSet(StringComparer.Ordinal);
        var free = healthy.Where(id => !taken.Contains(id) && !_reserved.Contains((resource, id))).Order(StringComparer.Ordinal).Take((int)count).ToList();
        if (free.Count < count)
        {
            return null;
        }
        _reserved.UnionWith(free.Select(id => (resource, id)));
        return free;
    }

    public void Unreserve(string resource, IEnumerable<string> ids) => _reserved.ExceptWith(ids.Select(id => (resource, id)));

    public void Give(DeviceAllocation allocation)
    {
        _allocations.Add(allocation);
        Unreserve(allocation.Resource, allocation.DeviceIds);
    }

    /// <summary>Takes back what matches; says whether there was anything.</summary>
    public bool TakeBack(Predicate<DeviceAllocation> match) => _allocations.RemoveAll(match) > 0;
}
