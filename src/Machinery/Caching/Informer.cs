using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace Godwit.Machinery;

/// <summary>
/// Keeps a cache of the objects of one kind as the API server has them, and reports each change. Handlers run one after
/// another on the informer's own loop, after the cache has changed: they should only add keys to queues. Cached objects are
/// shared: never change them, copy first.
/// </summary>
public sealed partial class Informer<T>
    where T : class
{
    /// <summary>Room for a page and for what it is read into stays in the runtime's pools: for each of several informers that list at once.</summary>
    private const int PageSize = 100;

    /// <summary>
    /// An answer that takes longer is waited for twice as long the next time: who has just started may be all that lets a guest go on, and
    /// one answer that was lost is to cost little.
    /// </summary>
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(40);

    private readonly ApiClient _api;
    private readonly ResourceKind _kind;
    private readonly JsonTypeInfo<T> _type;
    private readonly InformerOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly ObjectStore<T> _store = new();
    private readonly List<Action<Change<T>>> _handlers = [];
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Backoff _backoff;
    private Func<T, T> _part = static whole => whole;
    private TimeSpan _patience = FirstPatience;
    private string? _version;
    private bool _started;
    private bool _complaining;

    public Informer(
        ApiClient api, ResourceKind kind, JsonTypeInfo<T> type, ILogger logger, TimeProvider? clock = null, InformerOptions? options = null)
    {
        _api = api;
        _kind = kind;
        _type = type;
        _logger = logger;
        _clock = clock ?? TimeProvider.System;
        _options = options ?? new();
        _backoff = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10), random: api.Jitter);
    }

    /// <summary>Whether the first list is in the cache and its handlers have run.</summary>
    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    /// <summary>Number of cached objects.</summary>
    public int Count => _store.Count;

    public ResourceKind Kind => _kind;

    /// <summary>Makes objects findable by values computed from them.</summary>
    public Informer<T> WithIndex(string name, Func<T, IEnumerable<string>> values)
    {
        _store.AddIndex(name, values);
        return this;
    }

    /// <summary>
    /// Keeps of each object only the part that is read, which is also all that handlers and indexes see of it; to be set before the
    /// informer runs. What is kept may be written as a difference, never whole.
    /// </summary>
    public Informer<T> Keeping(Func<T, T> part)
    {
        if (_started)
        {
            throw new InvalidOperationException($"The informer of {_kind.GroupResource} already runs.");
        }

        _part = part;
        return this;
    }

    /// <summary>Calls a handler for each change; to be set before the informer runs, so that it misses none.</summary>
    public Informer<T> OnChange(Action<Change<T>> handler)
    {
        if (_started)
        {
            throw new InvalidOperationException($"The informer of {_kind.GroupResource} already runs.");
        }

        _handlers.Add(handler);
        return this;
    }

    /// <summary>The object of that name; null when there is none.</summary>
    public T? Get(NamespacedName key) => _store.Get(key);

    /// <summary>All objects, in no order.</summary>
    public IReadOnlyList<T> List() => _store.List();

    /// <summary>The objects for which the index gave that value, in the order of their names.</summary>
    public IReadOnlyList<T> ByIndex(string index, string value) => _store.ByIndex(index, value);

    /// <summary>Waits until the first list is in the cache.</summary>
    public Task WaitForSyncAsync(CancellationToken ct) => _synced.Task.WaitAsync(ct);

    /// <summary>Lists and watches until cancelled; API failures are waited out, anything else ends it.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        _started = true;
        try
        {
            while (true)
            {
                try
                {
                    if (_version is null)
                    {
                        await RelistAsync(ct);
                    }
                    else
                    {
                        await WatchAsync(_version, ct);
                    }

                    _complaining = false;
                    _patience = FirstPatience;
                    continue;
                }
                catch (ApiException e) when (e.IsGone)
                {
                    LogExpired(_logger, _kind.GroupResource, _version ?? "");
                    _version = null;
                }
                catch (ApiException e)
                {
                    // What was seen so far stays valid: a broken watch goes on from its last version, not from the beginning.
                    Complain(e);
                    _patience = e.IsTimeout && _patience < LastPatience ? _patience * 2 : _patience;
                }

                await _backoff.WaitAsync(_clock, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            _synced.TrySetCanceled(ct);
        }
        catch (Exception e)
        {
            _synced.TrySetException(e);
            throw;
        }
    }

    private async Task RelistAsync(CancellationToken ct)
    {
        var list = await _api.ListPagesAsync(
            _kind,
            _options.Namespace,
            _type,
            // Page by page, so that a long list is never there whole.
            (item, context) => (Identity: ObjectIdentity.Of(item), Object: _part(ApiClient.Read(item, context))),
            new ListOptions { LabelSelector = _options.LabelSelector, FieldSelector = _options.FieldSelector, PageSize = PageSize, Patience = _patience },
            ct);
        foreach (var (identity, @object) in list.Items)
        {
            Put(identity, @object);
        }

        // Only the whole list proves that what it lacks is gone.
        var listed = list.Items.Select(i => i.Identity.Key).ToHashSet();
        foreach (var key in _store.Keys().Where(key => !listed.Contains(key)))
        {
            Report(_store.Remove(key));
        }

        _backoff.Reset();
        _synced.TrySetResult();
        _version = list.ResourceVersion;
    }

    private async Task WatchAsync(string version, CancellationToken ct)
    {
        var duration = (_options.WatchDuration ?? _api.WatchDuration) * (1 + (_api.Jitter.NextDouble() / 2));
        var options = new WatchOptions
        {
            LabelSelector = _options.LabelSelector,
            FieldSelector = _options.FieldSelector,
            ResourceVersion = version,
            Duration = duration,
            Silence = duration + TimeSpan.FromSeconds(10),
            Patience = _patience,
        };
        var started = _clock.GetTimestamp();
        var quiet = true;
        await foreach (var item in _api.WatchAsync(_kind, _options.Namespace, _type, options, ct))
        {
            quiet = false;
            switch (item.Type)
            {
                case WatchEventType.Added or WatchEventType.Modified:
                    Put(item.Identity, _part(item.Object!));
                    break;
                case WatchEventType.Deleted:
                    Report(_store.Remove(item.Identity.Key, item.Object is { } last ? _part(last) : null));
                    break;
                case WatchEventType.Bookmark:
                    break;
            }

            _version = item.Identity.ResourceVersion.Length > 0 ? item.Identity.ResourceVersion : _version;
            _complaining = false;
            _patience = FirstPatience;
            _backoff.Reset();
        }

        if (quiet && _clock.GetElapsedTime(started) < TimeSpan.FromSeconds(1))
        {
            // A server that ends watches at once must not be asked in a tight loop.
            await _backoff.WaitAsync(_clock, ct);
        }
    }

    private void Put(ObjectIdentity identity, T @object)
    {
        // Another UID under the same name means that the old object was deleted unseen: two changes, not one.
        if (_store.UidOf(identity.Key) is { } uid && uid != identity.Uid)
        {
            Report(_store.Remove(identity.Key));
        }

        Report(_store.Put(identity, @object));
    }

    private void Report(Change<T>? change)
    {
        if (change is null)
        {
            return;
        }

        foreach (var handler in _handlers)
        {
            handler(change);
        }
    }

    private void Complain(ApiException e)
    {
        if (_complaining)
        {
            LogStillFailing(_logger, _kind.GroupResource, e.Message);
            return;
        }

        _complaining = true;
        LogFailing(_logger, _kind.GroupResource, e.Message);
    }

    [LoggerMessage(100, LogLevel.Warning, "Cannot follow {Resource}: {Error}; trying again")]
    private static partial void LogFailing(ILogger logger, string resource, string error);

    [LoggerMessage(101, LogLevel.Debug, "Still cannot follow {Resource}: {Error}")]
    private static partial void LogStillFailing(ILogger logger, string resource, string error);

    [LoggerMessage(102, LogLevel.Information, "Version {Version} of {Resource} is too old; listing again")]
    private static partial void LogExpired(ILogger logger, string resource, string version);
}
