using System.Globalization;

namespace Godwit.Machinery;

/// <summary>What is counted of a client's requests, under client-go's names.</summary>
internal sealed class RequestMetrics
{
    /// <summary>The bounds of the API server's own metric of requests.</summary>
    private static readonly double[] Bounds =
        [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

    private const string None = "none";
    private readonly Counter _requests;
    private readonly Histogram _latency;
    private readonly string _server;
    private readonly string _host;

    public RequestMetrics(MetricRegistry registry, Uri server)
    {
        _server = server.GetLeftPart(UriPartial.Authority);
        _host = server.Authority;
        _requests = registry.Counter(
            $"{registry.Prefix}rest_client_requests_total", "Requests to the API server, by the code of its answer.", "code", "method", "host", "resource", "verb");
        _latency = registry.Histogram(
            $"{registry.Prefix}rest_client_request_latency_seconds", "Time until the API server's answer began; watches are not in it.", Bounds, "verb", "url");
    }

    /// <param name="call">What was asked.</param>
    /// <param name="method">By which method.</param>
    /// <param name="pathAndQuery">Where.</param>
    /// <param name="code">The answer's code; null when there was none.</param>
    /// <param name="took">Until the answer began, or could not come.</param>
    public void Answered(ApiCall call, HttpMethod method, string pathAndQuery, int? code, TimeSpan took)
    {
        var isRaw = call.Resource.StartsWith('/');
        _requests.Increment(
            code?.ToString(CultureInfo.InvariantCulture) ?? "<error>",
            method.Method,
            _host,
            isRaw ? None : call.Resource.Split('.', '/')[0],
            isRaw ? None : call.Verb.ToUpperInvariant());
        if (call.Verb != "watch")
        {
            _latency.Observe(took.TotalSeconds, method.Method, _server + Template(pathAndQuery));
        }
    }

    /// <summary>The path with its names taken out, so that there are no more of them than kinds and subresources.</summary>
    internal static string Template(string pathAndQuery)
    {
        var path = pathAndQuery.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var root = path switch
        {
            ["api", _, ..] => 2,
            ["apis", _, _, ..] => 3,
            _ => 0,
        };
        if (root == 0 || path.Length == root)
        {
            return "/{prefix}";
        }

        if (path[root] == "namespaces" && path.Length > root + 2)
        {
            path[root + 1] = "{namespace}";
            root += 2;
        }

        if (path.Length > root + 1)
        {
            path[root + 1] = "{name}";
        }

        return $"/{string.Join('/', path)}";
    }
}
