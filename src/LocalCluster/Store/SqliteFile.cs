using Microsoft.Data.Sqlite;

namespace Godwit.LocalCluster.Store;

/// <summary>The file: one row a revision. All members but <see cref="ReadHistory"/> and <see cref="ReadAt"/> belong to the writer thread.</summary>
internal sealed class SqliteFile : IDisposable
{
    private const int Full = 13;

    private readonly SqliteConnection _writer;
    private readonly SqliteConnection _reader;
    private readonly Lock _readerGate = new();
    private readonly SqliteCommand _insert;

    public SqliteFile(string path)
    {
        Path = path;
        _writer = Connect(path);
        Execute("PRAGMA journal_mode=WAL");
        Execute("PRAGMA synchronous=FULL");
        Execute("PRAGMA cache_size=-2000");
        Execute("PRAGMA journal_size_limit=16777216");
        Execute("""
            CREATE TABLE IF NOT EXISTS kv (
              rev INTEGER PRIMARY KEY, resource TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL,
              created INTEGER NOT NULL, deleted INTEGER NOT NULL, value BLOB NOT NULL)
            """);
        Execute("CREATE INDEX IF NOT EXISTS kv_key ON kv (resource, ns, name, rev)");
        Execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL)");
        _reader = Connect(path);
        _insert = _writer.CreateCommand();
        _insert.CommandText = "INSERT INTO kv (rev, resource, ns, name, created, deleted, value) VALUES ($rev, $resource, $ns, $name, $created, $deleted, $value)";
        foreach (var name in (string[])["$rev", "$resource", "$ns", "$name", "$created", "$deleted", "$value"])
        {
            _insert.Parameters.Add(new SqliteParameter { ParameterName = name });
        }
    }

    public string Path { get; }

    public static bool IsFull(Exception exception) => exception is SqliteException { SqliteErrorCode: Full };

    public long CompactedRevision() => Scalar("SELECT value FROM meta WHERE name = 'compacted'");

    public long LastRevision() => Math.Max(Scalar("SELECT max(rev) FROM kv"), CompactedRevision());

    /// <summary>The newest state of every object that is not deleted.</summary>
    public List<StoredObject> LoadCurrent()
    {
        using var command = _writer.CreateCommand();
        command.CommandText = """
            SELECT rev, resource, ns, name, created, value FROM kv
            WHERE rev IN (SELECT max(rev) FROM kv GROUP BY resource, ns, name) AND deleted = 0
            """;
        using var rows = command.ExecuteReader();
        var all = new List<StoredObject>();
        while (rows.Read())
        {
            all.Add(Object(rows, rows.GetString(1)));
        }

        return all;
    }

    /// <summary>Writes all changes in one durable transaction, or none.</summary>
    public void Append(IReadOnlyList<StoreEvent> events)
    {
        using var transaction = _writer.BeginTransaction(deferred: false);
        _insert.Transaction = transaction;
        try
        {
            foreach (var change in events)
            {
                var o = change.Object;
                _insert.Parameters[0].Value = o.Revision;
                _insert.Parameters[1].Value = o.Key.Resource;
                _insert.Parameters[2].Value = o.Key.Namespace;
                _insert.Parameters[3].Value = o.Key.Name;
                _insert.Parameters[4].Value = o.CreateRevision;
                _insert.Parameters[5].Value = change.Type == StoreEventType.Deleted ? 1 : 0;
                _insert.Parameters[6].Value = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(o.Json, out var array)
                    && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : o.Json.ToArray();
                _insert.ExecuteNonQuery();
            }

            transaction.Commit();
        }
        finally
        {
            _insert.Transaction = null;
        }
    }

    /// <summary>Forgets what was superseded or deleted at or before the revision.</summary>
    public void Compact(long revision)
    {
        using var transaction = _writer.BeginTransaction(deferred: false);
        using var delete = _writer.CreateCommand();
        delete.Transaction = transaction;
        delete.CommandText = """
            DELETE FROM kv WHERE rev <= $rev AND (deleted = 1 OR EXISTS (
              SELECT 1 FROM kv AS newer WHERE newer.resource = kv.resource AND newer.ns = kv.ns AND newer.name = kv.name
                AND newer.rev > kv.rev AND newer.rev <= $rev))
            """;
        delete.Parameters.AddWithValue("$rev", revision);
        delete.ExecuteNonQuery();
        delete.CommandText = "INSERT INTO meta (name, value) VALUES ('compacted', $rev) ON CONFLICT (name) DO UPDATE SET value = $rev";
        delete.ExecuteNonQuery();
        transaction.Commit();
    }

    /// <summary>Changes of a resource after one revision and up to another, in order.</summary>
    public List<StoreEvent> ReadHistory(string resource, long after, long upTo)
    {
        lock (_readerGate)
        {
            using var command = _reader.CreateCommand();
            command.CommandText = """
                SELECT rev, resource, ns, name, created, value, deleted,
                  (SELECT max(p.rev) FROM kv AS p WHERE p.resource = kv.resource AND p.ns = kv.ns AND p.name = kv.name AND p.rev < kv.rev)
                FROM kv WHERE resource = $resource AND rev > $after AND rev <= $upto ORDER BY rev
                """;
            command.Parameters.AddWithValue("$resource", resource);
            command.Parameters.AddWithValue("$after", after);
            command.Parameters.AddWithValue("$upto", upTo);
            var events = new List<StoreEvent>();
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                var found = Object(rows, resource);
                var deleted = rows.GetInt64(6) == 1;
                var added = found.CreateRevision == found.Revision;
                var previous = added || rows.IsDBNull(7) ? null : ReadRevision(rows.GetInt64(7));
                events.Add(new StoreEvent(deleted ? StoreEventType.Deleted : added ? StoreEventType.Added : StoreEventType.Modified, found, previous));
            }

            return events;
        }
    }

    /// <summary>The state of a resource as it was at a revision, in order of namespace and name.</summary>
    public List<StoredObject> ReadAt(string resource, string ns, long revision)
    {
        lock (_readerGate)
        {
            using var command = _reader.CreateCommand();
            command.CommandText = """
                SELECT rev, resource, ns, name, created, value FROM kv
                WHERE rev IN (SELECT max(rev) FROM kv WHERE resource = $resource AND ($ns = '' OR ns = $ns) AND rev <= $rev GROUP BY ns, name)
                  AND deleted = 0 ORDER BY ns, name
                """;
            command.Parameters.AddWithValue("$resource", resource);
            command.Parameters.AddWithValue("$ns", ns);
            command.Parameters.AddWithValue("$rev", revision);
            var all = new List<StoredObject>();
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                all.Add(Object(rows, resource));
            }

            return all;
        }
    }

    public void Dispose()
    {
        _insert.Dispose();
        _reader.Dispose();
        _writer.Dispose();
    }

    private StoredObject? ReadRevision(long revision)
    {
        using var command = _reader.CreateCommand();
        command.CommandText = "SELECT rev, resource, ns, name, created, value FROM kv WHERE rev = $rev";
        command.Parameters.AddWithValue("$rev", revision);
        using var rows = command.ExecuteReader();
        return rows.Read() ? Object(rows, rows.GetString(1)) : null;
    }

    private static StoredObject Object(SqliteDataReader row, string resource) => new(
        new StoreKey(string.Intern(resource), string.Intern(row.GetString(2)), row.GetString(3)),
        row.GetInt64(0),
        row.GetInt64(4),
        (byte[])row[5]);

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA busy_timeout=5000";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Execute(string sql)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private long Scalar(string sql)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long value ? value : 0;
    }
}
