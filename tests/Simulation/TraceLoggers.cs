using Microsoft.Extensions.Logging;

namespace Godwit.Simulation;

/// <summary>The components' own words, into the trace.</summary>
internal sealed class TraceLoggers(World world, string process) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Logger(world, process);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private sealed class Logger(World world, string process) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => world.KeepsTrace && logLevel >= LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                world.Say($"{process}: {formatter(state, exception)}{(exception is null ? "" : $" [{exception.GetType().Name}: {exception.Message}]")}");
            }
        }
    }
}
