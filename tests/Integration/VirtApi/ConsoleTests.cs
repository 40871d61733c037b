using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler;
using Godwit.VirtHandler.Console;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>A console's whole way: API server, virt-api, the node's agent, the launcher's serial line; a socket stands for the guest.</summary>
public sealed class ConsoleTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private const string Pod = "uid-1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_typed_reaches_the_guest_and_what_it_says_comes_back()
    {
        var kubelet = Path.Combine(cluster.Folder, "k");
        using var guest = Listen(Path.Combine(kubelet, "pods", Pod, "volumes/kubernetes.io~empty-dir/godwit"));
        await cluster.CreateAsync("{apiVersion: v1, kind: Node, metadata: {name: node01}}");
        await cluster.CreateAsync("""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstance
            metadata: {name: talker, namespace: default}
            spec: {domain: {memory: {guest: 64Mi}, devices: {}}}
            """);
        var console = "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/talker/console";
        await cluster.ServedAsync(Ct);
        (await Should.ThrowAsync<ApiException>(() => cluster.Admin.ConnectWebSocketAsync(console, [Consoles.Subprotocol], Ct))).Code.ShouldBe(409);
        await cluster.Handler.PatchAsync(
            Kinds.VirtualMachineInstance,
            new("default", "talker"),
            PatchKind.Merge,
            Yaml.Parse($$"""{status: {phase: Running, nodeName: node01, ownerPodUID: {{Pod}} } }""")!,
            ct: Ct);
        using var stop = new CancellationTokenSource();
        var agent = new ConsoleServer(
            cluster.Handler,
            new VirtHandlerOptions { Node = "node01", KubeletRoot = kubelet },
            NullLoggerFactory.Instance,
            NullLogger.Instance,
            TimeProvider.System).RunAsync(stop.Token);
        await cluster.AnnouncedAsync("node01", Ct);

        using (var socket = await cluster.Admin.ConnectWebSocketAsync(console, [Consoles.Subprotocol], Ct))
        {
            socket.SubProtocol.ShouldBe(Consoles.Subprotocol);
            using var line = await guest.AcceptAsync(Ct);
            await socket.SendAsync("root\n"u8.ToArray(), WebSocketMessageType.Binary, endOfMessage: true, Ct);
            var buffer = new byte[64];
            var count = await line.ReceiveAsync(buffer, Ct);
            Encoding.UTF8.GetString(buffer, 0, count).ShouldBe("root\n");
            await line.SendAsync("Password: "u8.ToArray(), Ct);
            var answer = await socket.ReceiveAsync(buffer, Ct);
            Encoding.UTF8.GetString(buffer, 0, answer.Count).ShouldBe("Password: ");
            line.Close();
            (await socket.ReceiveAsync(buffer, Ct)).MessageType.ShouldBe(WebSocketMessageType.Close);
        }

        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(agent);
    }

    private static Socket Listen(string folder)
    {
        Directory.CreateDirectory(folder);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, "serial.sock")));
        socket.Listen();
        return socket;
    }
}
