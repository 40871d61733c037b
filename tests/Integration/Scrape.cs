using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Godwit.Integration;

/// <summary>Reads what a component says of itself, as Prometheus and probes do.</summary>
internal sealed class Scrape : IDisposable
{
    private readonly HttpClient _http;

    public Scrape(IPEndPoint endpoint)
    {
        var handler = new HttpClientHandler
        {
#pragma warning disable MA0039 // The test judges it by itself afterwards.
            ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
            {
                Certificate = X509CertificateLoader.LoadCertificate(certificate!.RawData);
                return true;
            },
#pragma warning restore MA0039
        };
        _http = new(handler) { BaseAddress = new Uri($"https://{endpoint}/") };
        // Each handshake shows the certificate of its moment.
        _http.DefaultRequestHeaders.ConnectionClose = true;
    }

    /// <summary>What the component showed last.</summary>
    public X509Certificate2? Certificate { get; private set; }

    public async Task<(HttpStatusCode Code, string Body)> GetAsync(string path, CancellationToken ct)
    {
        using var response = await _http.GetAsync(new Uri(path, UriKind.Relative), ct);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(ct));
    }

    /// <summary>The metrics, once they are as wanted; asked again and again, as Prometheus does.</summary>
    public async Task<string> UntilAsync(Func<string, bool> wanted, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        var last = "";
        try
        {
            while (true)
            {
                last = (await GetAsync("metrics", either.Token)).Body;
                if (wanted(last))
                {
                    return last;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, either.Token);
            }
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"The metrics did not come to what was wanted; last:\n{last}", late);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        Certificate?.Dispose();
    }
}
