using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using k8s.Authentication;

namespace Godwit.Machinery;

/// <summary>
/// Talks to a Kubernetes API server: trust and credentials as the official client reads them, the calls themselves plain
/// REST over JSON, so that any kind can be read and written and no unknown field is lost. Every call has a deadline, and
/// every failure is an <see cref="ApiException"/> that names verb, resource and object. Nothing is retried.
/// </summary>
public sealed partial class ApiClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _baseUri;
    private readonly ServiceClientCredentials? _credentials;
    private readonly ApiClientOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpClient? _owned;
    private readonly RequestMetrics? _counted;

    /// <summary>A client on a given HTTP client, which stays the caller's.</summary>
    public ApiClient(HttpClient http, Uri baseUri, ApiClientOptions? options = null, TimeProvider? clock = null)
    {
        _http = http;
        _baseUri = baseUri;
        _options = options ?? new();
        _clock = clock ?? TimeProvider.System;
        _counted = _options.Metrics is { } metrics ? new(metrics, baseUri) : null;
        Namespace = "default";
    }

    private ApiClient(ApiConnection connection, ApiClientOptions options, TimeProvider clock)
        : this(connection.Http, connection.BaseUri, options, clock)
    {
        _credentials = connection.Credentials;
        _owned = connection.Http;
        Namespace = connection.Namespace;
    }

    /// <summary>Address of the API server.</summary>
    public Uri BaseUri => _baseUri;

    /// <summary>How long a watch lasts when its user does not say.</summary>
    public TimeSpan WatchDuration => _options.WatchDuration;

    /// <summary>Where requests are counted, for those who use this client to count there too; null: nowhere.</summary>
    public MetricRegistry? Metrics => _options.Metrics;

    /// <summary>Chance for the waits of those who use this client.</summary>
    public Random Jitter => _options.Jitter;

    /// <summary>Namespace of the kubeconfig's context; <c>default</c> when it names none.</summary>
    public string Namespace { get; }

    /// <summary>A client as a kubeconfig file or the pod's service account says.</summary>
    public static ApiClient Open(ApiClientOptions? options = null, TimeProvider? clock = null)
    {
        options ??= new();
        return new(ApiConnection.Open(options), options, clock ?? TimeProvider.System);
    }

    /// <summary>A client as this kubeconfig file says.</summary>
    public static ApiClient FromKubeconfig(string path, TimeProvider? clock = null) => Open(new() { Kubeconfig = path }, clock);

    /// <inheritdoc/>
    public void Dispose() => _owned?.Dispose();

    /// <summary>Sends a request of the caller's own making; the answer's status is not judged. The caller disposes the answer.</summary>
    public async Task<HttpResponseMessage> SendRawAsync(
        HttpMethod method, string pathAndQuery, HttpContent? content = null, string accept = "application/json", CancellationToken ct = default)
    {
        var call = new ApiCall(method.Method.ToLowerInvariant(), pathAndQuery, "");
        return await SendAsync(call, method, pathAndQuery, content, accept, ct);
    }

    /// <summary>The body of any path as text, such as <c>/version</c> or <c>/readyz</c>.</summary>
    public async Task<string> GetRawAsync(string pathAndQuery, string accept = "application/json", CancellationToken ct = default)
    {
        var call = new ApiCall("get", pathAndQuery, "");
        return await ExecuteAsync(
            call, HttpMethod.Get, pathAndQuery, content: null, static (bytes, _) => System.Text.Encoding.UTF8.GetString(bytes.Span), 0, ct, accept);
    }

    private async Task<TOut> ExecuteAsync<TOut, TState>(
        ApiCall call,
        HttpMethod method,
        string path,
        HttpContent? content,
        Func<ReadOnlyMemory<byte>, TState, TOut> read,
        TState state,
        CancellationToken ct,
        string accept = "application/json",
        TimeSpan? patience = null)
    {
        var deadline = Deadline(patience);
        using var timeout = new CancellationTokenSource(deadline, _clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            using var request = await RequestAsync(method, path, content, accept, linked.Token);
            using var response = await CountedAsync(call, request, path, linked.Token);
            var body = await response.Content.ReadAsByteArrayAsync(linked.Token);
            ThrowIfRefused(call, response, body);
            return read(body, state);
        }
        catch (Exception e) when (Translate(call, e, deadline, ct, timeout.Token) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>The deadline covers the time until the answer begins; the body may go on for ever.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        ApiCall call, HttpMethod method, string path, HttpContent? content, string accept, CancellationToken ct, TimeSpan? patience = null)
    {
        var deadline = Deadline(patience);
        using var timeout = new CancellationTokenSource(deadline, _clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            using var request = await RequestAsync(method, path, content, accept, linked.Token);
            return await CountedAsync(call, request, path, linked.Token);
        }
        catch (Exception e) when (Translate(call, e, deadline, ct, timeout.Token) is { } translated)
        {
            throw translated;
        }
    }

    private async Task<HttpResponseMessage> CountedAsync(ApiCall call, HttpRequestMessage request, string path, CancellationToken ct)
    {
        if (_counted is null)
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }

        var began = _clock.GetTimestamp();
        int? code = null;
        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            code = (int)response.StatusCode;
            return response;
        }
        finally
        {
            _counted.Answered(call, request.Method, path, code, _clock.GetElapsedTime(began));
        }
    }

    private async Task<HttpResponseMessage> StreamAsync(ApiCall call, string path, string accept, CancellationToken ct, TimeSpan? patience = null)
    {
        var response = await SendAsync(call, HttpMethod.Get, path, content: null, accept, ct, patience);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            using var timeout = new CancellationTokenSource(_options.CallTimeout, _clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
            try
            {
                ThrowIfRefused(call, response, await response.Content.ReadAsByteArrayAsync(linked.Token));
                return response;
            }
            catch (Exception e) when (Translate(call, e, _options.CallTimeout, ct, timeout.Token) is { } translated)
            {
                throw translated;
            }
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(
        HttpMethod method, string path, HttpContent? content, string accept, CancellationToken ct)
    {
        // A base address may have a path of its own (a proxy in front of the server), so it is prefixed, not resolved.
        var request = new HttpRequestMessage(method, new Uri($"{_baseUri.AbsoluteUri.TrimEnd('/')}{path}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = content,
        };
        request.Headers.Accept.ParseAdd(accept);
        if (_credentials is not null)
        {
            await _credentials.ProcessHttpRequestAsync(request, ct);
        }

        return request;
    }

    private TimeSpan Deadline(TimeSpan? patience) => patience is { } own && own < _options.CallTimeout ? own : _options.CallTimeout;

    private ApiException? Translate(ApiCall call, Exception e, TimeSpan deadline, CancellationToken caller, CancellationToken timeout) => e switch
    {
        OperationCanceledException when caller.IsCancellationRequested => null,
        OperationCanceledException when timeout.IsCancellationRequested =>
            new ApiException(call, $"no answer from {_baseUri.Authority} within {deadline.TotalSeconds:0.#} s", e, isTimeout: true),
        HttpRequestException or IOException => new ApiException(call, $"cannot reach {_baseUri.Authority}: {Innermost(e)}", e),
        JsonException => new ApiException(call, $"the answer of {_baseUri.Authority} cannot be read: {e.Message}", e),
        _ => null,
    };

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }

        return e.Message;
    }

    private static void ThrowIfRefused(ApiCall call, HttpResponseMessage response, ReadOnlyMemory<byte> body)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        ApiStatus? status = null;
        try
        {
            status = JsonSerializer.Deserialize(body.Span, MachineryJson.Default.ApiStatus);
        }
        catch (JsonException)
        {
            // A proxy or a dying server may answer in plain text; the text itself is then the message.
        }

        if (status is not { Kind: "Status" })
        {
            var text = System.Text.Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 1024)]).Trim();
            status = new ApiStatus { Message = text.Length > 0 ? text : response.ReasonPhrase };
        }

        throw new ApiException(call, status with { Code = (int)response.StatusCode });
    }

    private static ByteArrayContent Json<T>(T value, JsonTypeInfo<T> type, string mediaType = "application/json") =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };

    private static T Parse<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(body.Span, type) ?? throw new JsonException("the document is null");
}
