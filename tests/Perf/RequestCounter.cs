using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Godwit.Perf;

/// <summary>Counts what one client asks of the API server that runs in this process.</summary>
internal sealed class RequestCounter : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string Event = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private readonly string _client;
    private readonly List<IDisposable> _subscriptions = [];
    private readonly ConcurrentDictionary<string, long> _byKind = new(StringComparer.Ordinal);
    private long _all;

    /// <param name="client">How its User-Agent begins.</param>
    public RequestCounter(string client)
    {
        _client = client;
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    public long All => Interlocked.Read(ref _all);

    /// <summary>By verb, resource and subresource.</summary>
    public IReadOnlyDictionary<string, long> ByKind() => _byKind.ToDictionary(StringComparer.Ordinal);

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
            _byKind.AddOrUpdate($"{request.Method} {ResourceOf(request.Path.Value ?? "")}", 1, static (_, count) => count + 1);
        }
    }

    private static string ResourceOf(string path)
    {
        var words = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        // /api/VERSION or /apis/GROUP/VERSION, then namespaces/NAMESPACE where there is one, then RESOURCE/NAME/SUBRESOURCE.
        var rest = words.Skip(words is ["api", ..] ? 2 : 3).ToList();
        var named = rest is ["namespaces", _, _, ..] ? rest[2..] : rest;
        return named.Count > 2 ? $"{named[0]}/{named[2]}" : named.FirstOrDefault() ?? path;
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscriptions.ForEach(static one => one.Dispose());
}
