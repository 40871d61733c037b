using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Godwit.Perf;

/// <summary>Counts the looks that one controller takes, by its own log.</summary>
internal sealed class ReconcileCounter(string controller) : ILoggerFactory, ILogger
{
    // ControllerRunner: done, given up, conflict, failed.
    private static readonly int[] Looks = [112, 113, 114, 115];
    private readonly ConcurrentDictionary<string, int> _byKey = new(StringComparer.Ordinal);
    private long _all;

    public long All => Interlocked.Read(ref _all);

    /// <summary>The looks at the one that was looked at most.</summary>
    public int Most => _byKey.IsEmpty ? 0 : _byKey.Values.Max();

    public void Restart()
    {
        _byKey.Clear();
        Interlocked.Exchange(ref _all, 0);
    }

    public ILogger CreateLogger(string categoryName) =>
        categoryName == $"Godwit.VirtController.{controller}" ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!Looks.Contains(eventId.Id) || state is not IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            return;
        }

        Interlocked.Increment(ref _all);
        _byKey.AddOrUpdate(values.First(static pair => pair.Key == "Key").Value!.ToString()!, 1, static (_, count) => count + 1);
    }

    public void Dispose()
    {
    }
}
