using System.Net.Sockets;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Host;
using Microsoft.AspNetCore.Http;

namespace Godwit.VirtHandler.Subresources;

/// <summary>The screens of this node's guests: as they are shown by QEMU's VNC server, and as a picture.</summary>
internal sealed class GuestScreens(ApiClient api, VirtHandlerOptions options, TimeProvider time)
{
    /// <summary>Passes VNC's bytes on until one side ends.</summary>
    public async Task<GuestAnswer> StreamAsync(HttpContext context, NamespacedName key)
    {
        var ct = context.RequestAborted;
        if (await GuestPlaces.FindAsync(api, options, key, ct) is not { } place)
        {
            return GuestPlaces.NotHere(options);
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            return new GuestAnswer(400, "VNC comes over a WebSocket; this request is no upgrade to one");
        }

        Socket screen;
        try
        {
            screen = await UnixPath.ConnectAsync(place.Folder, DomainFolder.VncSocket, ct);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return GuestAnswer.Conflict($"the guest's screen cannot be reached: {e.Message}");
        }

        await using var stream = new NetworkStream(screen, ownsSocket: true);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(
            context.WebSockets.WebSocketRequestedProtocols.Contains(Consoles.Subprotocol) ? Consoles.Subprotocol : null);
        await StreamBridge.RunAsync(socket, stream, ct);
        return GuestAnswer.Done;
    }

    /// <summary>The screen as PNG. Not during a migration: the monitor that it needs then belongs to the migration.</summary>
    public async Task<GuestAnswer> ScreenshotAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (await GuestPlaces.FindAsync(api, options, key, cancellationToken) is not { } place)
        {
            return GuestPlaces.NotHere(options);
        }

        var file = $"screen-{Guid.NewGuid():N}.png";
        try
        {
            await using var qmp = await QmpClient.ConnectAsync(
                place.Folder, DomainFolder.ControlSocket, new QmpClientOptions { Time = time, ConnectDeadline = TimeSpan.FromSeconds(3) }, cancellationToken);
            await qmp.ScreendumpAsync($"{Launcher.FolderPath}/{file}", cancellationToken);
            return GuestAnswer.With(PodFolder.Read(place.Folder, file), "image/png");
        }
        catch (Exception e) when (e is SocketException or IOException or QmpUnavailableException or QmpException)
        {
            return GuestAnswer.Failed($"the screen of VMI {key.Name} could not be taken: {e.Message}");
        }
        finally
        {
            if (File.Exists($"{place.Folder}/{file}"))
            {
                File.Delete($"{place.Folder}/{file}");
            }
        }
    }
}
