using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Godwit.Perf;

/// <summary>Counts what one client asks of the API server that runs in this process.</summary>
internal sealed class RequestCounter : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Event = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private readonly string _client;
    private readonly List<IDisposable> _subscriptions = [];
    private long _all;

    /// <param name="client">How its User-Agent begins.</param>
    public RequestCounter(string client)
    {
        _client = client;
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    public long All => Interlocked.Read(ref _all);

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == "Microsoft.AspNetCore")
        {
            _subscriptions.Add(value.Subscribe(this, static name => name.StartsWith(Event, StringComparison.Ordinal)));
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: $"{Event}.Start", Value: HttpContext { Request: var request } }
            && request.Headers.UserAgent.ToString().StartsWith(_client, StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _all);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscriptions.ForEach(static one => one.Dispose());
}
