namespace Godwit.Machinery;

/// <summary>What a metric's values mean.</summary>
public enum MetricKind
{
    /// <summary>Only grows, until the process ends.</summary>
    Counter,

    /// <summary>How it is now.</summary>
    Gauge,

    /// <summary>How many values fell under each of some bounds.</summary>
    Histogram,
}
