using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Godwit.Replay;

/// <summary>Stands between the commands and the server, in plain HTTP, and keeps what passes: what the recording was made with.</summary>
internal sealed class Recorder : IAsyncDisposable
{
    private static readonly string[] HopByHop = ["connection", "host", "keep-alive", "transfer-encoding", "x-anonymous", "content-length", "content-type"];

    private readonly Uri _server;
    private readonly HttpClient _admin;
    private readonly HttpClient _anybody;
    private readonly List<Exchange> _seen = [];
    private readonly Lock _gate = new();
    private WebApplication? _web;

    private Recorder(Uri server, X509Certificate2 ca, X509Certificate2 admin)
    {
        _server = server;
        _admin = Client(ca, admin);
        _anybody = Client(ca, null);
    }

    /// <summary>Where the commands have to go: <c>http://127.0.0.1:port</c>.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The step that what arrives now belongs to.</summary>
    public int Step { get; set; }

    public static async Task<Recorder> StartAsync(Uri server, X509Certificate2 ca, X509Certificate2 admin)
    {
        var recorder = new Recorder(server, ca, admin);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "recorder" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static o =>
        {
            o.AllowSynchronousIO = false;
            o.AddServerHeader = false;
            o.Listen(IPAddress.Loopback, 0, static l => l.Protocols = HttpProtocols.Http1);
        });
        recorder._web = builder.Build();
        recorder._web.Run(recorder.PassAsync);
        await recorder._web.StartAsync();
        recorder.Address = recorder._web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return recorder;
    }

    /// <summary>What has passed so far; what is under way is not in it.</summary>
    public IReadOnlyList<Exchange> Seen()
    {
        lock (_gate)
        {
            return [.. _seen];
        }
    }

    /// <summary>Forgets what has passed.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _seen.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await _web.StopAsync(deadline.Token);
            await _web.DisposeAsync();
        }

        _admin.Dispose();
        _anybody.Dispose();
    }

    private static HttpClient Client(X509Certificate2 ca, X509Certificate2? certificate) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { ca },
                RevocationMode = X509RevocationMode.NoCheck,
            },
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private async Task PassAsync(HttpContext http)
    {
        var step = Step;
        if (http.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true)
        {
            http.Response.StatusCode = StatusCodes.Status501NotImplemented;
            return;
        }

        using var request = await RequestAsync(http);
        var client = http.Request.Headers.ContainsKey("X-Anonymous") || http.Request.Headers.ContainsKey("Authorization") ? _anybody : _admin;
        using var kept = new MemoryStream();
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted);
            http.Response.StatusCode = (int)response.StatusCode;
            foreach (var header in response.Headers.Concat(response.Content.Headers).Where(static h => !h.Key.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)))
            {
                http.Response.Headers[header.Key] = header.Value.ToArray();
            }

            try
            {
                await CopyAsync(response, http, kept);
            }
            finally
            {
                Keep(http.Request, step, (int)response.StatusCode, kept.ToArray());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The command has left, or the server: what came until then is kept.
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpContext http)
    {
        var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), new Uri(_server, http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent()));
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        if (body.Length > 0 || http.Request.ContentType is not null)
        {
            request.Content = new ByteArrayContent(body.ToArray());
            if (http.Request.ContentType is { } type)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            }
        }

        foreach (var (name, value) in http.Request.Headers.Where(static h => !HopByHop.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
        {
            // As in the recording: answers are asked for as JSON, so that they can be compared.
            var sent = name.Equals("Accept", StringComparison.OrdinalIgnoreCase) && !http.Request.Path.StartsWithSegments("/openapi/v2", StringComparison.Ordinal)
                ? string.Join(',', value.ToString().Split(',').Where(static a => !a.Contains("protobuf", StringComparison.Ordinal) && !a.Contains("cbor", StringComparison.Ordinal)))
                : value.ToString();
            request.Headers.TryAddWithoutValidation(name, sent);
        }

        return request;
    }

    private static async Task CopyAsync(HttpResponseMessage response, HttpContext http, MemoryStream kept)
    {
        await using var from = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        await http.Response.StartAsync(http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
        var buffer = new byte[64 << 10];
        while (await from.ReadAsync(buffer, http.RequestAborted) is var read and > 0)
        {
            await kept.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private void Keep(HttpRequest request, int step, int status, byte[] body)
    {
        var watches = request.Query["watch"] == "true" || request.Query["watch"] == "1" || request.Path.StartsWithSegments("/api/v1/watch", StringComparison.Ordinal);
        var exchange = new Exchange(
            step,
            false,
            Requests.Key(request.Method, request.Path.Value ?? "", request.QueryString.Value ?? ""),
            status,
            watches && status == StatusCodes.Status200OK ? null : Parse(body),
            watches && status == StatusCodes.Status200OK ? Events(body) : null);
        lock (_gate)
        {
            _seen.Add(exchange);
        }
    }

    private static JsonNode? Parse(byte[] body)
    {
        if (body.Length == 0)
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return new JsonObject { ["$text"] = Encoding.UTF8.GetString(body) };
        }
    }

    private static List<JsonNode> Events(byte[] body) =>
    [
        .. Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => Parse(Encoding.UTF8.GetBytes(line)))
            .OfType<JsonNode>(),
    ];
}
