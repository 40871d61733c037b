using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Godwit.Machinery;

/// <summary>
/// Writes Kubernetes Events: what a user sees under <c>kubectl describe</c>. Recording never waits and never fails; a
/// background loop writes. The same word about the same object becomes one Event with a count. An object that causes too
/// many is muted for a while, so that a failing loop cannot flood the API server.
/// </summary>
public sealed partial class EventRecorder
{
    private const int Capacity = 1000;
    private const int Remembered = 4096;
    private static readonly TimeSpan AggregationWindow = TimeSpan.FromMinutes(10);

    private readonly ApiClient _api;
    private readonly string _component;
    private readonly string _host;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly Channel<Entry> _entries;
    private readonly Dictionary<EventKey, Known> _known = [];
    private readonly Dictionary<string, TokenBucket<string>> _budgets = new(StringComparer.Ordinal);

    /// <param name="api">Where the Events go.</param>
    /// <param name="component">Shown as the Event's source.</param>
    /// <param name="logger">Told about Events that could not be written.</param>
    /// <param name="clock">The time.</param>
    /// <param name="host">Node of the source; empty for cluster-wide components.</param>
    public EventRecorder(ApiClient api, string component, ILogger logger, TimeProvider? clock = null, string host = "")
    {
        _api = api;
        _component = component;
        _logger = logger;
        _clock = clock ?? TimeProvider.System;
        _host = host;
        _entries = Channel.CreateBounded<Entry>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }, Dropped);
    }

    /// <summary>Something went as it should.</summary>
    public void Normal(ObjectReference regarding, string reason, string message) => Record(regarding, "Normal", reason, message);

    /// <summary>Something is wrong that a user should know of.</summary>
    public void Warning(ObjectReference regarding, string reason, string message) => Record(regarding, "Warning", reason, message);

    /// <summary>Writes what was recorded until cancelled, then what is left, for a second at most.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var entry in _entries.Reader.ReadAllAsync(ct))
            {
                await WriteAsync(entry, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(1), _clock);
            try
            {
                while (_entries.Reader.TryRead(out var entry))
                {
                    await WriteAsync(entry, grace.Token);
                }
            }
            catch (OperationCanceledException)
            {
                LogLost(_logger, _entries.Reader.Count);
            }
        }
    }

    private void Record(ObjectReference regarding, string type, string reason, string message) =>
        _entries.Writer.TryWrite(new(regarding, type, reason, message.Length <= 1024 ? message : message[..1021] + "...", _clock.GetUtcNow()));

    private async Task WriteAsync(Entry entry, CancellationToken ct)
    {
        if (!Budget(entry.Regarding.Uid).TryTake())
        {
            LogMuted(_logger, entry.Regarding.Kind, entry.Regarding.Key, entry.Reason);
            return;
        }

        var key = new EventKey(entry.Regarding.Kind, entry.Regarding.Uid, entry.Type, entry.Reason, entry.Message);
        try
        {
            if (_known.TryGetValue(key, out var known) && entry.Time - known.Last < AggregationWindow && await RepeatAsync(known, entry, ct))
            {
                _known[key] = known with { Count = known.Count + 1, Last = entry.Time };
                return;
            }

            var name = await CreateAsync(entry, ct);
            Forget();
            _known[key] = new(name, 1, entry.Time);
        }
        catch (ApiException e)
        {
            LogNotWritten(_logger, entry.Regarding.Kind, entry.Regarding.Key, entry.Reason, e.Message);
        }
    }

    private async Task<NamespacedName> CreateAsync(Entry entry, CancellationToken ct)
    {
        var @namespace = entry.Regarding.Key.Namespace.Length > 0 ? entry.Regarding.Key.Namespace : "default";
        // As client-go names them: readable, and unique by the time.
        var name = new NamespacedName(@namespace, $"{entry.Regarding.Key.Name}.{entry.Time.UtcTicks:x}{_api.Jitter.Next(0x1000):x3}");
        var time = Time(entry.Time);
        var source = new JsonObject { ["component"] = _component };
        if (_host.Length > 0)
        {
            source["host"] = _host;
        }

        await _api.CreateAsync(
            CoreKinds.Event,
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["name"] = name.Name, ["namespace"] = name.Namespace },
                ["involvedObject"] = entry.Regarding.ToJson(),
                ["type"] = entry.Type,
                ["reason"] = entry.Reason,
                ["message"] = entry.Message,
                ["source"] = source,
                ["firstTimestamp"] = time,
                ["lastTimestamp"] = time,
                ["count"] = 1,
                ["reportingComponent"] = _component,
                ["reportingInstance"] = _host,
            },
            ct: ct);
        return name;
    }

    /// <summary>Counts one more of a known Event; false when it is gone and must be made anew.</summary>
    private async Task<bool> RepeatAsync(Known known, Entry entry, CancellationToken ct)
    {
        try
        {
            var patch = new JsonObject { ["count"] = known.Count + 1, ["lastTimestamp"] = Time(entry.Time) };
            await _api.PatchAsync(CoreKinds.Event, known.Name, PatchKind.Merge, patch, ct: ct);
            return true;
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Twenty-five at once, then one each half minute: client-go's burst with a quicker refill.</summary>
    private TokenBucket<string> Budget(string uid)
    {
        if (!_budgets.TryGetValue(uid, out var budget))
        {
            if (_budgets.Count >= Remembered)
            {
                _budgets.Clear();
            }

            budget = new(1.0 / 30, 25, _clock);
            _budgets.Add(uid, budget);
        }

        return budget;
    }

    private void Forget()
    {
        if (_known.Count < Remembered)
        {
            return;
        }

        foreach (var (key, _) in _known.OrderBy(k => k.Value.Last).Take(Remembered / 4).ToArray())
        {
            _known.Remove(key);
        }
    }

    private void Dropped(Entry entry) => LogDropped(_logger, entry.Regarding.Kind, entry.Regarding.Key, entry.Reason);

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private readonly record struct EventKey(string Kind, string Uid, string Type, string Reason, string Message);

    private readonly record struct Known(NamespacedName Name, int Count, DateTimeOffset Last);

    private sealed record Entry(ObjectReference Regarding, string Type, string Reason, string Message, DateTimeOffset Time);

    [LoggerMessage(130, LogLevel.Warning, "Event {Reason} of {Kind} {Key} could not be written: {Error}")]
    private static partial void LogNotWritten(ILogger logger, string kind, NamespacedName key, string reason, string error);

    [LoggerMessage(131, LogLevel.Debug, "Event {Reason} of {Kind} {Key} left out: too many of late")]
    private static partial void LogMuted(ILogger logger, string kind, NamespacedName key, string reason);

    [LoggerMessage(132, LogLevel.Warning, "Event {Reason} of {Kind} {Key} dropped: the API server does not keep up")]
    private static partial void LogDropped(ILogger logger, string kind, NamespacedName key, string reason);

    [LoggerMessage(133, LogLevel.Debug, "{Count} events were not written before the end")]
    private static partial void LogLost(ILogger logger, int count);
}
