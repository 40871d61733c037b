using System.Buffers;

namespace Godwit.Machinery;

/// <summary>
/// All metrics of one component, and their text in Prometheus' exposition format. What belongs to objects of the cluster is not kept
/// here but asked for at each reading, of collectors that look into caches: series end with their object.
/// </summary>
/// <remarks>
/// Our own, and small, because prometheus-net has seen no change since January 2024 and makes no promise for native code, and
/// OpenTelemetry's exporter for Prometheus is a beta that warns of use in production.
/// </remarks>
/// <param name="prefix">Stands before the names of what Machinery itself counts (work queues, requests); empty for none.</param>
public sealed class MetricRegistry(string prefix = "")
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly List<Func<IEnumerable<MetricSample>>> _collectors = [];

    /// <summary>Stands before the names of what Machinery itself counts.</summary>
    public string Prefix { get; } = prefix;

    /// <summary>All metrics, by name, also those that have no value now.</summary>
    public IReadOnlyList<MetricFamily> Families
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.Values.Select(static entry => entry.Family)];
            }
        }
    }

    /// <summary>A metric whose values a collector gives; the same one when it is there already.</summary>
    /// <exception cref="InvalidOperationException">Another metric has that name.</exception>
    public MetricFamily Gauge(string name, string help, params string[] labels) =>
        Find(name, MetricKind.Gauge, help, labels, static family => new(family)).Family;

    /// <summary>A count that a collector gives; the same one when it is there already.</summary>
    /// <exception cref="InvalidOperationException">Another metric has that name.</exception>
    public MetricFamily Total(string name, string help, params string[] labels) =>
        Find(name, MetricKind.Counter, help, labels, static family => new(family)).Family;

    /// <summary>A count that is kept here; the same one when it is there already.</summary>
    /// <exception cref="InvalidOperationException">Another metric has that name.</exception>
    public Counter Counter(string name, string help, params string[] labels) =>
        Find(name, MetricKind.Counter, help, labels, static family => new(family) { Counter = new(family) }).Counter ?? throw Taken(name);

    /// <summary>A distribution that is kept here; the same one when it is there already.</summary>
    /// <exception cref="InvalidOperationException">Another metric has that name.</exception>
    public Histogram Histogram(string name, string help, IReadOnlyList<double> bounds, params string[] labels) =>
        Find(name, MetricKind.Histogram, help, labels, family => new(family) { Histogram = new(family, bounds) }).Histogram ?? throw Taken(name);

    /// <summary>Asks for values at each reading, until the returned is disposed.</summary>
    public IDisposable Collect(Func<IEnumerable<MetricSample>> collector)
    {
        lock (_gate)
        {
            _collectors.Add(collector);
        }

        return new Collection(this, collector);
    }

    /// <summary>Writes all that has a value now.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        List<Entry> entries;
        List<Func<IEnumerable<MetricSample>>> collectors;
        lock (_gate)
        {
            entries = [.. _entries.Values];
            collectors = [.. _collectors];
        }

        // Collectors look into other locks than ours, so they are asked without it.
        var collected = collectors.SelectMany(static collector => collector()).ToLookup(static sample => sample.Family);
        foreach (var entry in entries)
        {
            var samples = collected[entry.Family].Concat(entry.Counter?.Samples() ?? []);
            MetricText.Write(to, entry.Family, samples, entry.Histogram);
        }
    }

    private Entry Find(string name, MetricKind kind, string help, string[] labels, Func<MetricFamily, Entry> make)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(name, out var entry))
            {
                entry = make(new MetricFamily(name, kind, help, labels));
                _entries.Add(name, entry);
            }

            return entry.Family.IsAs(kind, labels) ? entry : throw Taken(name);
        }
    }

    private static InvalidOperationException Taken(string name) => new($"There is another metric {name}, of another kind or with other labels.");

    private void Forget(Func<IEnumerable<MetricSample>> collector)
    {
        lock (_gate)
        {
            _collectors.Remove(collector);
        }
    }

    private sealed record Entry(MetricFamily Family)
    {
        public Counter? Counter { get; init; }

        public Histogram? Histogram { get; init; }
    }

    private sealed class Collection(MetricRegistry registry, Func<IEnumerable<MetricSample>> collector) : IDisposable
    {
        public void Dispose() => registry.Forget(collector);
    }
}
