using System.Net.WebSockets;
using System.Text;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

public sealed class VncTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_screen_is_shown_and_taken()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "seen");
        var vnc = guest.Listen("vnc.sock");

        using (var socket = await cluster.Admin.ConnectWebSocketAsync(guest.Address("vnc"), [Consoles.Subprotocol], Ct))
        {
            socket.SubProtocol.ShouldBe(Consoles.Subprotocol);
            using var screen = await vnc.AcceptAsync(Ct);
            await screen.SendAsync("RFB 003.008\n"u8.ToArray(), Ct);
            var buffer = new byte[64];
            var answer = await socket.ReceiveAsync(buffer, Ct);
            Encoding.UTF8.GetString(buffer, 0, answer.Count).ShouldBe("RFB 003.008\n");
            await socket.SendAsync("RFB 003.007\n"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, Ct);
            Encoding.UTF8.GetString(buffer, 0, await screen.ReceiveAsync(buffer, Ct)).ShouldBe("RFB 003.007\n");
        }

        (await guest.SendAsync(HttpMethod.Get, "vnc/screenshot")).ShouldBe((200, "PNG!"));
        Directory.GetFiles(guest.Folder, "screen-*").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_VMI_without_graphics_has_no_screen()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "blind", "{autoattachGraphicsDevice: false}");

        (await Should.ThrowAsync<ApiException>(() => cluster.Admin.ConnectWebSocketAsync(guest.Address("vnc"), [Consoles.Subprotocol], Ct))).Code.ShouldBe(400);
        (await guest.SendAsync(HttpMethod.Get, "vnc/screenshot")).ShouldBe((500, "No graphics devices are present."));
    }

    [Fact]
    public async Task A_guest_whose_screen_is_away_is_a_conflict_and_no_broken_stream()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "away");

        (await Should.ThrowAsync<ApiException>(() => cluster.Admin.ConnectWebSocketAsync(guest.Address("vnc"), [Consoles.Subprotocol], Ct))).Code.ShouldBe(409);
    }
}
