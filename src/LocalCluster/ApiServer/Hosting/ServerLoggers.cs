using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.LocalCluster.ApiServer.Hosting;

/// <summary>The program's loggers without the web host's own: what it says of a failed start is thrown too, and said better by who catches it.</summary>
internal sealed class ServerLoggers(ILoggerFactory inner) : ILoggerFactory
{
    private const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    public ILogger CreateLogger(string categoryName) => categoryName == Host ? NullLogger.Instance : inner.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The loggers are the program's, which goes on after a server has ended.
    }
}
