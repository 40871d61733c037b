using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Amounts of resources: milli-CPUs for <c>cpu</c>, whole units for all else.</summary>
public sealed class ResourceSum
{
    private readonly Dictionary<string, long> _amounts = new(StringComparer.Ordinal);

    public long this[string resource] => _amounts.GetValueOrDefault(resource);

    public IEnumerable<string> Names => _amounts.Keys;

    public static ResourceSum Of(IReadOnlyDictionary<string, string> quantities)
    {
        var sum = new ResourceSum();
        foreach (var (name, value) in quantities)
        {
            sum._amounts[name] = name == "cpu" ? Amounts.Milli(value) : Amounts.Units(value);
        }
        return sum;
    }

    public static ResourceSum OfAll(IEnumerable<Pod> pods)
    {
        var sum = new ResourceSum();
        foreach (var pod in pods)
        {
            sum.Add(OfPod(pod));
        }
        return sum;
    }

    /// <summary>What a pod asks for: its containers together, or its hungriest init container if that is more; side cars count throughout.</summary>
    public static ResourceSum OfPod(Pod pod)
    {
        var sum = new ResourceSum();
        foreach (var container in pod.Spec.Containers)
        {
            sum.Add(OfContainer(container));
        }
        var sidecars = new ResourceSum();
        var peak = new ResourceSum();
        foreach (var container in pod.Spec.InitContainers ?? [])
        {
            var own = OfContainer(container);
            own.Add(sidecars);
            peak.Max(own);
            if (container.RestartPolicy == "Always")
            {
                sidecars.Add(OfContainer(container));
            }
        }
        sum.Add(sidecars);
        sum.Max(peak);
        sum.Add(Of(pod.Spec.Overhead ?? []));
        return sum;
    }

    private static ResourceSum OfContainer(Container container)
    {
        // A limit without a request asks for the limit.
        var asked = new Dictionary<string, string>(container.Resources?.Limits ?? [], StringComparer.Ordinal);
        foreach (var (name, value) in container.Resources?.Requests ?? [])
        {
            asked[name] = value;
        }
        return Of(asked);
    }

    private void Add(ResourceSum other)
    {
        foreach (var (name, value) in other._amounts)
        {
            _amounts[name] = this[name] + value;
        }
    }

    private void Max(ResourceSum other)
    {
        foreach (var (name, value) in other._amounts)
        {
            _amounts[name] = Math.Max(this[name], value);
        }
    }
}
