namespace Godwit.Machinery;

/// <summary>One value of a metric, as it is at the moment of asking.</summary>
/// <param name="Family">The metric.</param>
/// <param name="Value">The value, in the unit that the metric's name ends with.</param>
/// <param name="Labels">Values of the metric's labels, in their order; null or empty where one says nothing.</param>
public readonly record struct MetricSample(MetricFamily Family, double Value, IReadOnlyList<string?> Labels);
