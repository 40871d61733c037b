namespace Godwit.Machinery;

/// <summary>Sorts values under bounds, for each set of label values. Its series stay, so label values must come from a small set.</summary>
public sealed class Histogram
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LabelValues, Series> _series = [];
    private readonly double[] _bounds;

    internal Histogram(MetricFamily family, IReadOnlyList<double> bounds)
    {
        if (bounds.Count == 0 || bounds.Zip(bounds.Skip(1)).Any(static pair => pair.First >= pair.Second))
        {
            throw new ArgumentException($"The bounds of {family.Name} do not grow.", nameof(bounds));
        }

        Family = family;
        _bounds = [.. bounds];
    }

    public MetricFamily Family { get; }

    /// <summary>Upper bounds of the buckets, each included in its own; the last bucket has none.</summary>
    public IReadOnlyList<double> Bounds => _bounds;

    /// <summary>Takes one value.</summary>
    public void Observe(double value, params string?[] labels)
    {
        Family.Require(labels);
        var key = new LabelValues(labels);
        var bucket = Array.FindIndex(_bounds, bound => value <= bound);
        lock (_gate)
        {
            if (!_series.TryGetValue(key, out var series))
            {
                series = new(new long[_bounds.Length + 1]);
                _series.Add(key, series);
            }

            series.Counts[bucket < 0 ? _bounds.Length : bucket]++;
            series.Sum += value;
        }
    }

    /// <summary>Each series: its labels, how many values were at or under each bound (the last: all), and their sum.</summary>
    internal IReadOnlyList<(string?[] Labels, long[] AtMost, double Sum)> Read()
    {
        lock (_gate)
        {
            return [.. _series.Select(static pair => (pair.Key.Values, Cumulated(pair.Value.Counts), pair.Value.Sum))];
        }
    }

    private static long[] Cumulated(long[] counts)
    {
        var sums = new long[counts.Length];
        var sum = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            sums[i] = sum += counts[i];
        }

        return sums;
    }

    private sealed class Series(long[] counts)
    {
        public long[] Counts { get; } = counts;

        public double Sum { get; set; }
    }
}
