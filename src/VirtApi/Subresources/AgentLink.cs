using System.Net;
using System.Net.WebSockets;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Serving;
using Microsoft.AspNetCore.Http;

namespace Godwit.VirtApi.Subresources;

/// <summary>Passes requests about a guest on to the agent of its node, over mutual TLS.</summary>
internal sealed class AgentLink(ApiClient api, VirtApiOptions options, ServingCertificates certificates, TimeProvider clock)
{
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Longer than the agent itself waits for QEMU, so that its own words come back.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(25);

    /// <summary>The agent's answer; with code 500 and the reason when there is none.</summary>
    public async Task<AgentAnswer> SendAsync(HttpMethod method, VirtualMachineInstance vmi, string subresource, byte[]? body, CancellationToken ct)
    {
        if (await FindAsync(vmi, ct) is not { } endpoint)
        {
            return AgentAnswer.Failed(NoAddress(vmi));
        }

        var handshake = new AgentHandshake(certificates, clock);
        using var handler = new SocketsHttpHandler { SslOptions = handshake.Options, ConnectTimeout = DialTimeout };
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(method, $"https://{endpoint}{Path(vmi, subresource)}")
        {
            Content = body is null ? null : new ByteArrayContent(body),
        };
        try
        {
            using var timeout = new CancellationTokenSource(AnswerTimeout, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
            using var response = await client.SendAsync(request, linked.Token);
            return new(
                (int)response.StatusCode,
                await response.Content.ReadAsByteArrayAsync(linked.Token),
                response.Content.Headers.ContentType?.ToString() ?? "text/plain");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return AgentAnswer.Failed($"the agent of node \"{vmi.Status!.NodeName}\" gave no answer at {endpoint}: {handshake.Explain(e)}");
        }
    }

    /// <summary>Joins the caller's WebSocket with one to the agent, until either ends. Not null: why that could not be.</summary>
    public async Task<SubresourceRefusal?> StreamAsync(HttpContext context, VirtualMachineInstance vmi, string subresource)
    {
        var ct = context.RequestAborted;
        if (await FindAsync(vmi, ct) is not { } endpoint)
        {
            return SubresourceRefusal.Internal(NoAddress(vmi));
        }

        var handshake = new AgentHandshake(certificates, clock);
        using var handler = new SocketsHttpHandler { SslOptions = handshake.Options };
        using var invoker = new HttpMessageInvoker(handler);
        using var agent = new ClientWebSocket();
        agent.Options.AddSubProtocol(Consoles.Subprotocol);
        agent.Options.CollectHttpResponseDetails = true;
        try
        {
            using var timeout = new CancellationTokenSource(DialTimeout, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
            await agent.ConnectAsync(new Uri($"wss://{endpoint}{Path(vmi, subresource)}"), invoker, linked.Token);
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return agent.HttpStatusCode == HttpStatusCode.Conflict
                ? SubresourceRefusal.Conflict(vmi.Metadata.Name!, $"the guest offers no {subresource} on node \"{vmi.Status!.NodeName}\" now; try again")
                : SubresourceRefusal.Internal($"the agent of node \"{vmi.Status!.NodeName}\" cannot be reached at {endpoint}: {handshake.Explain(e)}");
        }

        using var client = await context.WebSockets.AcceptWebSocketAsync(
            context.WebSockets.WebSocketRequestedProtocols.Contains(Consoles.Subprotocol) ? Consoles.Subprotocol : null);
        await StreamBridge.RunAsync(client, agent, ct);
        return null;
    }

    private async Task<IPEndPoint?> FindAsync(VirtualMachineInstance vmi, CancellationToken ct) =>
        vmi.Status?.NodeName is { Length: > 0 } node
            ? AgentAddress.Of(await api.TryGetAsync(Kinds.Node, NamespacedName.Cluster(node), TypesJson.Default.Node, ct), options.HandlerPort)
            : null;

    private static string NoAddress(VirtualMachineInstance vmi) => $"the address of node \"{vmi.Status?.NodeName}\" is not known";

    private static string Path(VirtualMachineInstance vmi, string subresource) =>
        Consoles.Path(vmi.Metadata.Namespace!, vmi.Metadata.Name!, subresource);
}
