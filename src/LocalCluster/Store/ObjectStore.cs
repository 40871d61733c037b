using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Store;

/// <summary>
/// All objects of the cluster: durable in SQLite (one writer thread, group commit), current state in memory. The revision of
/// a write is the resourceVersion of what it wrote.
/// </summary>
public sealed class ObjectStore : IDisposable
{
    private const int MaxBatch = 512;

    private readonly SqliteFile _file;
    private readonly ConcurrentDictionary<string, ResourceLog> _logs = new(StringComparer.Ordinal);
    private readonly object _gate = new();
    private readonly Queue<StoreWrite> _writes = new();
    private readonly Thread _writer;
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _startRevision;
    private volatile StoreSnapshot _snapshot;
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _compacted;
    private bool _closed;

    /// <summary>Opens or creates the store. An unwritable path throws <see cref="IOException"/> with the path in the message.</summary>
    public ObjectStore(string path)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            _file = new SqliteFile(path);
        }
        catch (Exception e) when (e is Microsoft.Data.Sqlite.SqliteException or UnauthorizedAccessException or IOException)
        {
            throw new IOException($"the cluster's store {path} cannot be opened: {e.Message}; check that the folder exists, is writable and has free space", e);
        }

        Path = path;
        _compacted = _file.CompactedRevision();
        _startRevision = _file.LastRevision();
        _snapshot = StoreSnapshot.Load(_file.LoadCurrent(), _startRevision);
        _writer = new Thread(Write) { IsBackground = true, Name = "store-writer" };
        _writer.Start();
    }

    public string Path { get; }

    /// <summary>The current state; take it once for everything that must be consistent.</summary>
    public StoreSnapshot Snapshot => _snapshot;

    public long Revision => _snapshot.Revision;

    /// <summary>History at or before this revision is gone.</summary>
    public long CompactedRevision => Volatile.Read(ref _compacted);

    /// <summary>Fails when the writer met an error that it cannot go on after; never completes otherwise. The process should end.</summary>
    public Task Failure => _failed.Task;

    public StoredObject? Get(StoreKey key) => _snapshot.Get(key);

    /// <summary>Creates; refused when the key exists.</summary>
    public Task<StoreResult> CreateAsync(StoreKey key, JsonObject obj) =>
        EnqueueAsync(new StoreWrite(key, StoreWriteKind.Create, ObjectCodec.Encode(obj), 0));

    /// <summary>Replaces; refused unless the key is at the expected revision (0: at any).</summary>
    public Task<StoreResult> UpdateAsync(StoreKey key, JsonObject obj, long expectedRevision) =>
        EnqueueAsync(new StoreWrite(key, StoreWriteKind.Update, ObjectCodec.Encode(obj), expectedRevision));

    /// <summary>Deletes; <paramref name="last"/> is what watchers see as the object's last state.</summary>
    public Task<StoreResult> DeleteAsync(StoreKey key, JsonObject last, long expectedRevision) =>
        EnqueueAsync(new StoreWrite(key, StoreWriteKind.Delete, ObjectCodec.Encode(last), expectedRevision));

    /// <summary>Drops superseded history up to a revision; watches and pages that begin before it get 410 from then on.</summary>
    public Task CompactAsync(long revision) =>
        EnqueueAsync(new StoreWrite(default, StoreWriteKind.Compact, default, Math.Min(revision, Revision)));

    /// <summary>Follows a resource's changes after a revision.</summary>
    public StoreWatch Watch(string resource, long after) => new(this, Log(resource), resource, after);

    /// <summary>Waits until the store is beyond a revision: for those who look at all resources.</summary>
    public async Task WaitForChangeAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            var bell = _changed.Task;
            if (Revision > after)
            {
                return;
            }

            await bell.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits until one of some resources changed after a revision; what others do wakes nobody.</summary>
    public async Task WaitForChangeAsync(IReadOnlyList<string> resources, long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            // What is left of the wait is taken off the bells that did not ring: some never do.
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            try
            {
                var bells = resources.Select(r => Log(r).Next().WaitAsync(over.Token)).ToList();
                var snapshot = _snapshot;
                if (snapshot.Revision > after && resources.Any(r => snapshot.LastChange(r) > after))
                {
                    return;
                }

                await Task.WhenAny(bells);
            }
            finally
            {
                await over.CancelAsync();
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The state of a resource at a past revision that is not compacted.</summary>
    public IEnumerable<StoredObject> ListAt(string resource, string ns, long revision)
    {
        var snapshot = _snapshot;
        if (revision >= snapshot.LastChange(resource) && revision >= _startRevision)
        {
            return snapshot.List(resource, ns);
        }

        if (revision < CompactedRevision)
        {
            throw new StoreCompactedException(revision, CompactedRevision);
        }

        return _file.ReadAt(resource, ns, revision);
    }

    public void Dispose()
    {
        Close();
        _writer.Join();
        _file.Dispose();
    }

    /// <summary>Changes of a resource after one revision and up to another; false when they are not all at hand any more.</summary>
    internal bool TryReadRecent(string resource, long after, long upTo, List<StoreEvent> into) => Log(resource).TryRead(after, upTo, into);

    internal List<StoreEvent> ReadHistory(string resource, long after, long upTo)
    {
        if (after < CompactedRevision)
        {
            throw new StoreCompactedException(after, CompactedRevision);
        }

        var events = _file.ReadHistory(resource, after, upTo);
        return after < CompactedRevision ? throw new StoreCompactedException(after, CompactedRevision) : events;
    }

    private ResourceLog Log(string resource) => _logs.GetOrAdd(resource, static (_, since) => new ResourceLog(since), _startRevision);

    private Task<StoreResult> EnqueueAsync(StoreWrite write)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _writes.Enqueue(write);
            Monitor.Pulse(_gate);
        }

        return write.Completion.Task;
    }

    private void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Write()
    {
        var batch = new List<StoreWrite>();
        try
        {
            while (Take(batch))
            {
                WriteBatch(batch);
            }
        }
        catch (Exception e)
        {
            Close();
            do
            {
                foreach (var write in batch)
                {
                    write.Completion.TrySetException(e);
                }
            }
            while (Take(batch));

            _failed.TrySetException(e);
        }
    }

    /// <summary>Waits for writes and takes all that wait, so that they share one transaction. False when no more will come.</summary>
    private bool Take(List<StoreWrite> batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_writes.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            while (batch.Count < MaxBatch && _writes.TryDequeue(out var write))
            {
                batch.Add(write);
            }
        }

        return batch.Count > 0;
    }

    private void WriteBatch(List<StoreWrite> batch)
    {
        var pending = new Dictionary<StoreKey, StoredObject?>();
        var events = new List<StoreEvent>();
        var results = new StoreResult[batch.Count];
        var revision = Revision;
        for (var i = 0; i < batch.Count; i++)
        {
            results[i] = Decide(batch[i], pending, events, ref revision);
        }

        try
        {
            if (events.Count > 0)
            {
                _file.Append(events);
            }
        }
        catch (Exception e) when (SqliteFile.IsFull(e))
        {
            Refuse(batch, e);
            return;
        }

        // Who wrote is answered before the watchers are woken: there may be many of them.
        var touched = Publish(events, revision);
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Kind != StoreWriteKind.Compact)
            {
                batch[i].Completion.TrySetResult(results[i]);
            }
        }

        Ring(touched);

        // What is written is written: a disk too full to compact refuses the compaction only.
        foreach (var compact in batch.Where(static w => w.Kind == StoreWriteKind.Compact))
        {
            Compact(compact);
        }
    }

    private void Compact(StoreWrite compact)
    {
        try
        {
            if (compact.ExpectedRevision > _compacted)
            {
                // The horizon moves first: a reader that begins now is refused rather than shown half a history.
                Volatile.Write(ref _compacted, compact.ExpectedRevision);
                _file.Compact(compact.ExpectedRevision);
            }

            compact.Completion.TrySetResult(new StoreResult(StoreOutcome.Done, null));
        }
        catch (Exception e) when (SqliteFile.IsFull(e))
        {
            Refuse([compact], e);
        }
    }

    private void Refuse(IEnumerable<StoreWrite> writes, Exception reason)
    {
        var full = new StoreFullException(Path, reason);
        foreach (var write in writes)
        {
            write.Completion.TrySetException(full);
        }
    }

    private StoreResult Decide(StoreWrite write, Dictionary<StoreKey, StoredObject?> pending, List<StoreEvent> events, ref long revision)
    {
        if (write.Kind == StoreWriteKind.Compact)
        {
            return new StoreResult(StoreOutcome.Done, null);
        }

        if (!pending.TryGetValue(write.Key, out var current))
        {
            current = _snapshot.Get(write.Key);
        }

        if (write.Kind == StoreWriteKind.Create)
        {
            if (current is not null)
            {
                return new StoreResult(StoreOutcome.AlreadyExists, current);
            }
        }
        else if (current is null)
        {
            return new StoreResult(StoreOutcome.NotFound, null);
        }
        else if (write.ExpectedRevision != 0 && write.ExpectedRevision != current.Revision)
        {
            return new StoreResult(StoreOutcome.RevisionChanged, current);
        }

        revision++;
        var next = new StoredObject(write.Key, revision, current?.CreateRevision ?? revision, ObjectCodec.WithRevision(write.Value, revision));
        pending[write.Key] = write.Kind == StoreWriteKind.Delete ? null : next;
        var type = write.Kind switch
        {
            StoreWriteKind.Create => StoreEventType.Added,
            StoreWriteKind.Delete => StoreEventType.Deleted,
            _ => StoreEventType.Modified,
        };
        events.Add(new StoreEvent(type, next, current));
        return new StoreResult(StoreOutcome.Done, next);
    }

    // Logs first, then the snapshot, and the bells after both: a reader that sees the revision finds its events, and no bell is missed.
    private HashSet<ResourceLog> Publish(List<StoreEvent> events, long revision)
    {
        var touched = new HashSet<ResourceLog>();
        foreach (var change in events)
        {
            var log = Log(change.Object.Key.Resource);
            log.Append(change);
            touched.Add(log);
        }

        if (events.Count > 0)
        {
            _snapshot = _snapshot.With(events, revision);
        }

        return touched;
    }

    private void Ring(HashSet<ResourceLog> touched)
    {
        if (touched.Count == 0)
        {
            return;
        }

        foreach (var log in touched)
        {
            log.Ring();
        }

        var bell = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bell.SetResult();
    }
}
