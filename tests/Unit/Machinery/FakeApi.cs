using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.Unit.Machinery;

/// <summary>An API server of a few lines: the test says what each request is answered, and sees what was asked.</summary>
internal sealed class FakeApi : HttpMessageHandler
{
    private readonly Func<FakeRequest, CancellationToken, Task<HttpResponseMessage>> _answer;

    public FakeApi(Func<FakeRequest, CancellationToken, Task<HttpResponseMessage>> answer) => _answer = answer;

    public FakeApi(Func<FakeRequest, HttpResponseMessage> answer)
        : this((request, _) => Task.FromResult(answer(request)))
    {
    }

    public ConcurrentQueue<FakeRequest> Requests { get; } = new();

    public ApiClient Client(TimeProvider? clock = null, ApiClientOptions? options = null) =>
        new(new HttpClient(this) { Timeout = Timeout.InfiniteTimeSpan }, new Uri("https://api.test:6443/"), options, clock);

    public static HttpResponseMessage Json(string json, HttpStatusCode code = HttpStatusCode.OK) =>
        new(code) { Content = new StringContent(json.Replace('\'', '"'), Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Json(JsonNode node) =>
        new(HttpStatusCode.OK) { Content = new StringContent(node.ToJsonString(), Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Refuse(int code, string reason, string message = "no") => Json(
        $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"{{message}}"}""",
        (HttpStatusCode)code);

    public static HttpResponseMessage Stream(Pipe pipe) => new(HttpStatusCode.OK) { Content = new StreamContent(pipe.Reader.AsStream()) };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        var seen = new FakeRequest(
            request.Method.Method, request.RequestUri!.AbsolutePath, request.RequestUri.Query, request.Content?.Headers.ContentType?.MediaType, body);
        Requests.Enqueue(seen);
        return await _answer(seen, cancellationToken);
    }
}

/// <summary>A request as the fake saw it.</summary>
internal sealed record FakeRequest(string Method, string Path, string Query, string? ContentType, string? Body)
{
    public bool IsWatch => Query.Contains("watch=true", StringComparison.Ordinal);

    public JsonNode Json => JsonNode.Parse(Body!)!;
}
