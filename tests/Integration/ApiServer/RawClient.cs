using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using k8s;

namespace Godwit.Integration.ApiServer;

/// <summary>Plain HTTP to an API server, as a user with a client certificate or as nobody.</summary>
internal sealed class RawClient : IDisposable
{
    private const string Admin = "kubernetes-admin";

    private readonly X509Certificate2? _certificate;
    private readonly HttpClient _http;

    public RawClient(ApiServerHost server, string? user = Admin, params IReadOnlyList<string> groups)
        : this(server, user is null ? null : server.Pki.Client("raw-" + user.Replace(':', '-'), user, user == Admin ? ["system:masters"] : groups).Load())
    {
    }

    /// <summary>Calls with any certificate, which is disposed with the client, or with none.</summary>
    public RawClient(ApiServerHost server, X509Certificate2? certificate)
        : this(server.Address, [server.Pki.Ca], certificate)
    {
    }

    private RawClient(Uri server, X509Certificate2Collection authorities, X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
            },
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        _certificate = certificate;
        if (_certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [_certificate];
        }

        _http = new HttpClient(handler) { BaseAddress = server };
    }

    /// <summary>Calls as the user of a kubeconfig that has a certificate.</summary>
    public static RawClient Of(string kubeconfig)
    {
        var read = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        return new(
            new Uri(read.Host),
            read.SslCaCerts,
            X509Certificate2.CreateFromPem(
                Encoding.ASCII.GetString(Convert.FromBase64String(read.ClientCertificateData)),
                Encoding.ASCII.GetString(Convert.FromBase64String(read.ClientCertificateKeyData))));
    }

    /// <summary>A request with a JSON body or none; the answer with its code.</summary>
    public async Task<(int Code, JsonObject Body)> SendAsync(
        HttpMethod method, string path, string? body = null, string type = "application/json", string? accept = null, IEnumerable<(string Name, string Value)>? headers = null)
    {
        using var answer = await AnswerAsync(method, path, body, type, accept, headers);
        return ((int)answer.StatusCode, (JsonObject)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    public Task<(int Code, JsonObject Body)> GetAsync(string path, string? accept = null) => SendAsync(HttpMethod.Get, path, accept: accept);

    public async Task<HttpResponseMessage> AnswerAsync(
        HttpMethod method, string path, string? body = null, string type = "application/json", string? accept = null, IEnumerable<(string Name, string Value)>? headers = null)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers ?? [])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse(type));
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead);
    }

    /// <summary>The events of a watch, until the server ends it or the reader stops.</summary>
    public async IAsyncEnumerable<JsonObject> WatchAsync(string path)
    {
        using var answer = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            yield return (JsonObject)JsonNode.Parse(line)!;
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _certificate?.Dispose();
    }
}
