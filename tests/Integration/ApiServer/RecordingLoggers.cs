using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Godwit.Integration.ApiServer;

/// <summary>Keeps what was logged, errors with their stack traces.</summary>
internal sealed class RecordingLoggers : ILoggerFactory
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, Lines);

    public void AddProvider(ILoggerProvider provider)
    {
        // What is recorded here is all that is wanted.
    }

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Recorder(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)} {exception}");
            }
        }
    }
}
