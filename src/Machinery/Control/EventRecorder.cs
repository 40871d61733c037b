using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Godwit.Machinery;

/// <summary>
/// Writes Kubernetes Events: what a user sees under <c>kubectl describe</c>. Recording never waits and never fails; a
/// background loop writes, and goes on trying for two minutes while the API server gives no answer. The same word about the
/// same object becomes one Event with a count. An object that causes too many is muted for a while, so that a failing loop
/// cannot flood the API server.
/// </summary>
public sealed partial class EventRecorder
{
    private const int Capacity = 1000;
    private const int Remembered = 4096;
    private static readonly TimeSpan AggregationWindow = TimeSpan.FromMinutes(10);

    /// <summary>client-go gives an Event up after two minutes, too.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

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
        Entry? entry = null;
        try
        {
            while (true)
            {
                entry = await _entries.Reader.ReadAsync(ct);
                if (IsWithinBudget(entry))
                {
                    await WriteAsync(entry, ct);
                }

                entry = null;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(1), _clock);
            try
            {
                if (entry is not null)
                {
                    await WriteAsync(entry, grace.Token);
                }

                while (_entries.Reader.TryRead(out entry))
                {
                    if (IsWithinBudget(entry))
                    {
                        await WriteAsync(entry, grace.Token);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                LogLost(_logger, _entries.Reader.Count);
            }
        }
    }

    private void Record(ObjectReference regarding, string type, string reason, string message)
    {
        var now = _clock.GetUtcNow();
        var name = new NamespacedName(
            regarding.Key.Namespace.Length > 0 ? regarding.Key.Namespace : "default",
            // As client-go names them: readable, and unique by the time.
            $"{regarding.Key.Name}.{now.UtcTicks:x}{_api.Jitter.Next(0x1000):x3}");
        _entries.Writer.TryWrite(
            new(name, regarding, type, reason, message.Length <= 1024 ? message : message[..1021] + "...", now, _clock.GetTimestamp()));
    }

    private bool IsWithinBudget(Entry entry)
    {
        var within = Budget(entry.Regarding.Uid).TryTake();
        if (!within)
        {
            LogMuted(_logger, entry.Regarding.Kind, entry.Regarding.Key, entry.Reason);
        }

        return within;
    }

    private async Task WriteAsync(Entry entry, CancellationToken ct)
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), random: _api.Jitter);
        while (true)
        {
            try
            {
                await WriteOnceAsync(entry, ct);
                return;
            }
            catch (ApiException e) when (e.IsUnreachable && _clock.GetElapsedTime(entry.Recorded) < Patience)
            {
                await backoff.WaitAsync(_clock, ct);
            }
            catch (ApiException e)
            {
                LogNotWritten(_logger, entry.Regarding.Kind, entry.Regarding.Key, entry.Reason, e.Message);
                return;
            }
        }
    }

    private async Task WriteOnceAsync(Entry entry, CancellationToken ct)
    {
        var key = new EventKey(entry.Regarding.Kind, entry.Regarding.Uid, entry.Type, entry.Reason, entry.Message);
        if (_known.TryGetValue(key, out var known) && entry.Time - known.Last < AggregationWindow && await RepeatAsync(known, entry, ct))
        {
            _known[key] = known with { Count = known.Count + 1, Last = entry.Time };
            return;
        }

        await CreateAsync(entry, ct);
        Forget();
        _known[key] = new(entry.Name, 1, entry.Time);
    }

    private async Task CreateAsync(Entry entry, CancellationToken ct)
    {
        var time = Time(entry.Time);
        var source = new JsonObject { ["component"] = _component };
        if (_host.Length > 0)
        {
            source["host"] = _host;
        }

        var made = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = entry.Name.Name, ["namespace"] = entry.Name.Namespace },
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
        };
        try
        {
            await _api.CreateAsync(CoreKinds.Event, made, ct: ct);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // An earlier try was carried out though no answer came.
        }
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

    private sealed record Entry(
        NamespacedName Name, ObjectReference Regarding, string Type, string Reason, string Message, DateTimeOffset Time, long Recorded);

    [LoggerMessage(130, LogLevel.Warning, "Event {Reason} of {Kind} {Key} could not be written: {Error}")]
    private static partial void LogNotWritten(ILogger logger, string kind, NamespacedName key, string reason, string error);

    [LoggerMessage(131, LogLevel.Debug, "Event {Reason} of {Kind} {Key} left out: too many of late")]
    private static partial void LogMuted(ILogger logger, string kind, NamespacedName key, string reason);

    [LoggerMessage(132, LogLevel.Warning, "Event {Reason} of {Kind} {Key} dropped: the API server does not keep up")]
    private static partial void LogDropped(ILogger logger, string kind, NamespacedName key, string reason);

    [LoggerMessage(133, LogLevel.Debug, "{Count} events were not written before the end")]
    private static partial void LogLost(ILogger logger, int count);
}
