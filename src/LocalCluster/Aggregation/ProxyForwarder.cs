using System.Net;
using System.Net.Http.Headers;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Services;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Godwit.LocalCluster.Aggregation;

/// <summary>
/// Passes a request on with the caller's identity in headers, which the other server believes because of our client certificate.
/// Upgraded connections (consoles) are copied as they are, both ways.
/// </summary>
internal sealed class ProxyForwarder(ServiceTransport transport)
{
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "TE", "Trailer", "Host", "Authorization", "HTTP2-Settings",
    };

    public async Task ForwardAsync(HttpContext context, AggregatedApi api, UserInfo user)
    {
        var upgrade = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } feature ? feature : null;
        using var request = Request(context, api, user, upgrade is not null);
        HttpResponseMessage response;
        try
        {
            response = await transport.Pool(api.CaBundle, api.Insecure).SendAsync(request, context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw ApiErrors.ServiceUnavailable($"error trying to reach service: {e.InnerException?.Message ?? e.Message}");
        }

        using (response)
        {
            context.Response.StatusCode = (int)response.StatusCode;
            CopyHeaders(response.Headers, context.Response.Headers);
            CopyHeaders(response.Content.Headers, context.Response.Headers);
            if (response.StatusCode == HttpStatusCode.SwitchingProtocols && upgrade is not null)
            {
                await TunnelAsync(context, upgrade, response);
            }
            else
            {
                await CopyBodyAsync(context, response);
            }
        }
    }

    private static HttpRequestMessage Request(HttpContext context, AggregatedApi api, UserInfo user, bool upgrade)
    {
        var from = context.Request;
        var request = new HttpRequestMessage(new HttpMethod(from.Method), new Uri(api.Address, from.PathBase.ToUriComponent() + from.Path.ToUriComponent() + from.QueryString.ToUriComponent()))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (from.ContentLength > 0 || from.Headers.TransferEncoding.Count > 0 || (from.ContentLength is null && from.Method is "POST" or "PUT" or "PATCH"))
        {
            request.Content = new StreamContent(from.Body);
        }

        foreach (var (name, values) in from.Headers)
        {
            if (HopByHop.Contains(name) || name.StartsWith(':') || name.StartsWith("X-Remote-", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        if (upgrade)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", from.Headers.Upgrade.ToString());
        }

        request.Headers.TryAddWithoutValidation("X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString());
        FrontProxyHeaders.Identify(request.Headers, user);
        return request;
    }

    private static void CopyHeaders(HttpHeaders from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from.NonValidated)
        {
            if (!HopByHop.Contains(name))
            {
                to[name] = new StringValues([.. values]);
            }
        }
    }

    // Each piece goes out as it comes: it may be a stream that somebody follows.
    private static async Task CopyBodyAsync(HttpContext context, HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[32 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static async Task TunnelAsync(HttpContext context, IHttpUpgradeFeature upgrade, HttpResponseMessage response)
    {
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.Upgrade = response.Headers.NonValidated.TryGetValues("Upgrade", out var protocol) ? protocol.ToString() : "websocket";
        await using var client = await upgrade.UpgradeAsync();
        await using var server = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var both = (Task[])[CopyAsync(client, server, ended.Token), CopyAsync(server, client, ended.Token)];
        await Task.WhenAny(both);
        await ended.CancelAsync();
        await Task.WhenAll(both).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            await to.FlushAsync(cancellationToken);
        }
    }
}
