namespace Godwit.Machinery;

/// <summary>What is counted of one work queue, under client-go's names.</summary>
internal sealed class QueueMetrics
{
    /// <summary>client-go's bounds: from ten nanoseconds to ten seconds.</summary>
    private static readonly double[] Bounds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

    private readonly string _name;
    private readonly Counter _adds;
    private readonly Counter _retries;
    private readonly Histogram _waited;
    private readonly Histogram _worked;
    private readonly MetricFamily _depth;
    private readonly MetricFamily _longest;
    private readonly MetricFamily _unfinished;

    public QueueMetrics(MetricRegistry registry, string name)
    {
        const string Label = "name";
        var prefix = $"{registry.Prefix}workqueue_";
        _name = name;
        _adds = registry.Counter($"{prefix}adds_total", "Keys that were added to the work queue.", Label);
        _retries = registry.Counter($"{prefix}retries_total", "Keys that were added again because their work had failed.", Label);
        _waited = registry.Histogram($"{prefix}queue_duration_seconds", "How long keys waited in the work queue.", Bounds, Label);
        _worked = registry.Histogram($"{prefix}work_duration_seconds", "How long the work on a key took.", Bounds, Label);
        _depth = registry.Gauge($"{prefix}depth", "Keys that are ready to be worked on and wait.", Label);
        _longest = registry.Gauge($"{prefix}longest_running_processor_seconds", "How long the work that has gone on longest has gone on.", Label);
        _unfinished = registry.Gauge($"{prefix}unfinished_work_seconds", "How long all work that has not ended has gone on, in sum.", Label);
    }

    public void Added() => _adds.Increment(_name);

    public void Retried() => _retries.Increment(_name);

    public void Taken(TimeSpan waited) => _waited.Observe(waited.TotalSeconds, _name);

    public void Done(TimeSpan worked) => _worked.Observe(worked.TotalSeconds, _name);

    /// <summary>The queue as it is.</summary>
    /// <param name="depth">Keys that wait.</param>
    /// <param name="running">How long the work on each key in work has gone on.</param>
    public IEnumerable<MetricSample> Now(int depth, IReadOnlyCollection<TimeSpan> running) =>
    [
        _depth.Sample(depth, _name),
        _longest.Sample(running.Count == 0 ? 0 : running.Max().TotalSeconds, _name),
        _unfinished.Sample(running.Sum(static time => time.TotalSeconds), _name),
    ];
}
