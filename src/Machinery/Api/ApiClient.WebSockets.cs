using System.Net;
using System.Net.WebSockets;

namespace Godwit.Machinery;

// Interactive streams of subresources.
public sealed partial class ApiClient
{
    /// <summary>Opens a WebSocket on any path of the API server, with the first subprotocol that it accepts.</summary>
    public async Task<WebSocket> ConnectWebSocketAsync(string pathAndQuery, IEnumerable<string> subprotocols, CancellationToken ct = default)
    {
        var call = new ApiCall("connect", pathAndQuery, "");
        using var timeout = new CancellationTokenSource(_options.CallTimeout, _clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.HttpVersion = HttpVersion.Version11;
            socket.Options.CollectHttpResponseDetails = true;
            foreach (var subprotocol in subprotocols)
            {
                socket.Options.AddSubProtocol(subprotocol);
            }

            if (_credentials is not null)
            {
                using var carrier = new HttpRequestMessage();
                await _credentials.ProcessHttpRequestAsync(carrier, linked.Token);
                socket.Options.SetRequestHeader("Authorization", carrier.Headers.Authorization?.ToString());
            }

            var address = new UriBuilder($"{_baseUri.AbsoluteUri.TrimEnd('/')}{pathAndQuery}");
            address.Scheme = address.Scheme == Uri.UriSchemeHttp ? Uri.UriSchemeWs : Uri.UriSchemeWss;
            await socket.ConnectAsync(address.Uri, _http, linked.Token);
            return socket;
        }
        catch (WebSocketException e) when (!ct.IsCancellationRequested && (int)socket.HttpStatusCode >= 400)
        {
            var code = (int)socket.HttpStatusCode;
            socket.Dispose();
            throw new ApiException(call, new ApiStatus { Code = code, Message = e.Message });
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is WebSocketException && !ct.IsCancellationRequested)
            {
                throw new ApiException(call, $"cannot reach {_baseUri.Authority}: {Innermost(e)}", e);
            }

            if (Translate(call, e, _options.CallTimeout, ct, timeout.Token) is { } translated)
            {
                throw translated;
            }

            throw;
        }
    }
}
