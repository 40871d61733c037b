using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>What only the guest knows, and what only it can do; a script stands for the agent inside.</summary>
public sealed class GuestAgentTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_without_an_agent_is_told_by_code_and_text()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "mute");

        foreach (var question in new[] { "guestosinfo", "userlist", "filesystemlist" })
        {
            (await guest.SendAsync(HttpMethod.Get, question)).ShouldBe(
                (500, "Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io \"mute\": VMI does not have guest agent connected"));
        }

        (await guest.PutAsync("softreboot", body: null)).Code.ShouldBe(409);
    }

    [Fact]
    public async Task An_agent_is_asked_and_told_to_reboot()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "talker");
        await guest.PatchAsync("""{status: {conditions: [{type: AgentConnected, status: "True"}]}}""");
        var agent = PlayAgentAsync(guest.Listen("agent.sock"), sessions: 3);

        var (code, body) = await guest.SendAsync(HttpMethod.Get, "userlist");
        (code, JsonNode.Parse(body)!["items"]![0].Text("userName")).ShouldBe((200, "root"));
        (code, body) = await guest.SendAsync(HttpMethod.Get, "guestosinfo");
        var info = JsonNode.Parse(body);
        (code, info.Text("os", "id"), info.Text("hostname")).ShouldBe((200, "debian", null));
        (await guest.PutAsync("softreboot", body: null)).Code.ShouldBe(200);

        (await agent)[^1].ShouldBe("guest-shutdown");
    }

    [Fact]
    public async Task A_port_of_the_guest_is_reached_through_the_API_server()
    {
        await using var guest = await GuestStand.StartAsync(cluster, "server");
        using var service = new TcpListener(IPAddress.Loopback, 0);
        service.Start();
        await guest.PatchAsync("{status: {interfaces: [{name: default, ipAddress: 127.0.0.1}]}}");
        var port = $"portforward/{((IPEndPoint)service.LocalEndpoint).Port}";

        foreach (var route in new[] { port, $"{port}/tcp" })
        {
            using var socket = await cluster.Admin.ConnectWebSocketAsync(guest.Address(route), [Consoles.Subprotocol], Ct);
            using var inside = await service.AcceptSocketAsync(Ct);
            await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, Ct);
            var buffer = new byte[16];
            Encoding.UTF8.GetString(buffer, 0, await inside.ReceiveAsync(buffer, Ct)).ShouldBe("ping");
            await inside.SendAsync("pong"u8.ToArray(), Ct);
            Encoding.UTF8.GetString(buffer, 0, (await socket.ReceiveAsync(buffer, Ct)).Count).ShouldBe("pong");
        }

        (await guest.SendAsync(HttpMethod.Get, "portforward/1/udp")).Code.ShouldBe(400);
    }

    /// <summary>Gives the commands that it got, once that many sessions are over.</summary>
    private static async Task<List<string>> PlayAgentAsync(Socket listener, int sessions)
    {
        var commands = new List<string>();
        for (var i = 0; i < sessions; i++)
        {
            using var client = await listener.AcceptAsync(Ct);
            await using var stream = new NetworkStream(client);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            while (await reader.ReadLineAsync(Ct) is { } line)
            {
                var command = JsonNode.Parse(line.TrimStart('\u00ff'))!;
                var name = command["execute"]!.GetValue<string>();
                commands.Add(name);
                byte[] answer = name switch
                {
                    "guest-sync-delimited" => [0xFF, .. Encoding.UTF8.GetBytes($$"""{"return":{{command["arguments"]!["id"]!.ToJsonString()}}}""")],
                    "guest-info" => [.. """{"return":{"version":"9.2.0","supported_commands":[]}}"""u8],
                    "guest-get-osinfo" => [.. """{"return":{"id":"debian"}}"""u8],
                    "guest-get-users" => [.. """{"return":[{"user":"root","login-time":1.5}]}"""u8],
                    "guest-shutdown" => [],
                    _ => [.. """{"error":{"class":"CommandNotFound","desc":"disabled"}}"""u8],
                };
                if (answer.Length > 0)
                {
                    await stream.WriteAsync((byte[])[.. answer, 10], Ct);
                }
            }
        }

        return commands;
    }
}
