using System.Net;
using System.Net.Sockets;
using Godwit.Machinery;
using Godwit.Types;
using Microsoft.AspNetCore.Http;

namespace Godwit.VirtApi.Subresources;

/// <summary>
/// A TCP connection to a guest, over a WebSocket. virt-api dials the pod's address itself, as KubeVirt's does: that address
/// follows the guest, and pods are reachable from everywhere in the cluster.
/// </summary>
internal static class PortStream
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Passes bytes on until either side ends. Not null: why there is no connection.</summary>
    public static async Task<SubresourceRefusal?> RunAsync(HttpContext context, IPEndPoint endpoint, TimeProvider clock)
    {
        var ct = context.RequestAborted;
        using var guest = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var timeout = new CancellationTokenSource(DialTimeout, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
            await guest.ConnectAsync(endpoint, linked.Token);
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return SubresourceRefusal.Internal($"dialing VM: {endpoint}: {e.Message}");
        }

        await using var stream = new NetworkStream(guest);
        using var client = await context.WebSockets.AcceptWebSocketAsync(
            context.WebSockets.WebSocketRequestedProtocols.Contains(Consoles.Subprotocol) ? Consoles.Subprotocol : null);
        await StreamBridge.RunAsync(client, stream, ct);
        return null;
    }
}
