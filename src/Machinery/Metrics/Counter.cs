using System.Runtime.InteropServices;

namespace Godwit.Machinery;

/// <summary>Counts, for each set of label values. Its series stay, so label values must come from a small set.</summary>
public sealed class Counter
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LabelValues, double> _values = [];

    internal Counter(MetricFamily family) => Family = family;

    public MetricFamily Family { get; }

    /// <summary>Adds one.</summary>
    public void Increment(params string?[] labels) => Add(1, labels);

    /// <summary>Adds an amount that is not negative.</summary>
    public void Add(double amount, params string?[] labels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        Family.Require(labels);
        var key = new LabelValues(labels);
        lock (_gate)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_values, key, out _) += amount;
        }
    }

    internal IReadOnlyList<MetricSample> Samples()
    {
        lock (_gate)
        {
            return [.. _values.Select(pair => Family.Sample(pair.Value, pair.Key.Values))];
        }
    }
}
