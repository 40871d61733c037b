using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Certificates that are replaced while they are in use.</summary>
[Collection<FirstSide>]
public sealed class CertificateTests(ClusterFixture cluster)
{
    private const string Where = "e2e-certificates";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly ResourceKind EndpointSlice = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", Namespaced: true);
    private static readonly NamespacedName Certificates = new(Installation.Namespace, "kubevirt-virt-api-certs");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_console_stays_open_and_webhooks_subresources_and_migrations_work_while_authority_and_certificates_are_replaced()
    {
        cluster.Require();
        await using var guest = await SmallGuest.StartAsync(cluster, Where, "talker");
        using var console = await cluster.Api.ConnectWebSocketAsync(Path("console"), [Consoles.Subprotocol], Ct);
        var before = await cluster.Api.GetAsync(Kinds.Secret, Certificates, ct: Ct);
        await using var rotation = await Rotation.EveryAsync(cluster.Api, seconds: 8);

        await ShouldBeServedAsync(await ReplacedAsync(before));

        await ShouldHearAsync(console);
        await ShouldBeTakenAsync("pause");
        await ShouldBeTakenAsync("unpause");
        (await cluster.KubectlAsync(["create", "-n", Where, "-f", "-"], """
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstanceMigration
            metadata: {name: of-nobody}
            spec: {vmiName: nobody}
            """)).Error.ShouldContain("spec.vmiName: the VMI");
        using (var another = await cluster.Api.ConnectWebSocketAsync(Path("console"), [Consoles.Subprotocol], Ct))
        {
            await ShouldHearAsync(another);
        }

        var moving = await cluster.Api.GetAsync(Kinds.Secret, Certificates, ct: Ct);
        (await guest.MoveAsync()).ShouldHaveSucceeded();
        await ShouldBeServedAsync(await ReplacedAsync(moving));
        await guest.ShouldBeUnhurtAsync();
        await ShouldBeTakenAsync("pause");
        await ShouldBeTakenAsync("unpause");
    }

    private static string Path(string subresource) =>
        $"/apis/subresources.kubevirt.io/v1/namespaces/{Where}/virtualmachineinstances/talker/{subresource}";

    private async Task ShouldBeTakenAsync(string subresource)
    {
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await cluster.Api.SendRawAsync(HttpMethod.Put, Path(subresource), body, "*/*", Ct);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>The guest's serial line goes on: it ticks several times a second.</summary>
    private static async Task ShouldHearAsync(WebSocket console)
    {
        using var deadline = new CancellationTokenSource(Limit);
        var heard = 0;
        var buffer = new byte[4096];
        // More than what had been waiting unread in the connection's buffers would be hard to tell from what comes now, so all of it is
        // read until the guest has to be waited for.
        while (heard < 3)
        {
            var receiving = console.ReceiveAsync(buffer, deadline.Token);
            heard += receiving.IsCompleted ? 0 : 1;
            (await receiving).MessageType.ShouldNotBe(WebSocketMessageType.Close);
        }
    }

    /// <summary>The certificates once both the authority and what it signs are others than those.</summary>
    private async Task<JsonObject> ReplacedAsync(JsonObject before) =>
        (await new ObjectFollower(cluster.Api, TimeProvider.System).UntilAsync(
            Kinds.Secret,
            Certificates,
            now => now.Text("data", "authority.crt") != before.Text("data", "authority.crt") && now.Text("data", "tls.crt") != before.Text("data", "tls.crt"),
            Limit,
            "new certificates",
            Ct)).ShouldNotBeNull();

    /// <summary>virt-api shows the certificate, or already one after it, to whoever connects, and the published authorities vouch for it.</summary>
    private async Task ShouldBeServedAsync(JsonObject secret)
    {
        var slice = (await cluster.Api.ListAsync(
            EndpointSlice, Installation.Namespace, new() { LabelSelector = "kubernetes.io/service-name=virt-api" }, Ct)).Items.ShouldHaveSingleItem();
        var address = new IPEndPoint(IPAddress.Parse(slice.At("endpoints")![0].At("addresses")![0].Text()!), (int)slice.At("ports")![0].At("port")!.GetValue<long>());
        using var expected = X509Certificate2.CreateFromPem(Pem(secret, "tls.crt"));
        using var deadline = new CancellationTokenSource(Limit);
        while (true)
        {
            var bundle = Pem(await cluster.Api.GetAsync(Kinds.Secret, Certificates, ct: deadline.Token), "ca.crt");
            using var served = await ServedAsync(address, bundle, deadline.Token);
            if (served.NotBefore >= expected.NotBefore)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, deadline.Token);
        }
    }

    private static async Task<X509Certificate2> ServedAsync(IPEndPoint address, string authorities, CancellationToken ct)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, ct);
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = Consoles.CallerName,
                RemoteCertificateValidationCallback = (_, shown, _, _) => PeerTrust.Accepts(shown, authorities, Consoles.CallerName),
            },
            ct);
        return X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData());
    }

    private static string Pem(JsonObject secret, string key) => Encoding.UTF8.GetString(Convert.FromBase64String(secret.Text("data", key)!));
}
