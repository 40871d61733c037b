using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Node;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Console;

/// <summary>
/// Serves the serial consoles of this node's guests to virt-api, over mutual TLS. It listens on the node's address where that is
/// an address of this machine's own network namespace; otherwise on loopback, and the node's annotation says where.
/// </summary>
/// <remarks><paramref name="more"/> adds the routes of other subresources of this node's guests.</remarks>
internal sealed partial class ConsoleServer(
    ApiClient api, VirtHandlerOptions options, ILoggerFactory loggers, ILogger logger, TimeProvider time, Action<IEndpointRouteBuilder>? more = null)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private readonly ConsoleCertificates _certificates = new(api, logger, time);

    /// <summary>The agent's certificate; null before virt-api's first word.</summary>
    public X509Certificate2? Certificate => _certificates.Published;

    public Task RunAsync(CancellationToken cancellationToken) =>
        TaskGroup.RunAsync(cancellationToken, _certificates.RunAsync, ct => ServeAsync(_certificates, ct));

    private async Task ServeAsync(ConsoleCertificates certificates, CancellationToken cancellationToken)
    {
        await certificates.WaitAsync(cancellationToken);
        while (true)
        {
            try
            {
                var node = await api.GetAsync(Kinds.Node, NamespacedName.Cluster(options.Node), TypesJson.Default.Node, ct: cancellationToken);
                var own = NodeAddresses.Own(node) is { } address ? new IPEndPoint(address, Consoles.HandlerPort) : null;
                await using var app = Build(own ?? new IPEndPoint(IPAddress.Loopback, 0), certificates);
                await app.StartAsync(cancellationToken);
                var bound = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
                await PublishAsync(own is null ? $"127.0.0.1:{bound.Port}" : null, cancellationToken);
                LogServing(logger, options.Node, bound.Authority);
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
                }
                finally
                {
                    await app.StopAsync(CancellationToken.None);
                }
            }
            catch (Exception e) when (e is ApiException or IOException or SocketException)
            {
                // Guests must run without consoles too, so this never ends the agent.
                LogFailed(logger, options.Node, e.Message);
                await Task.Delay(Retry, time, cancellationToken);
            }
        }
    }

    private WebApplication Build(IPEndPoint listen, ConsoleCertificates certificates)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(listen, at => at.UseHttps(https =>
            {
                https.ServerCertificateSelector = (_, _) => certificates.Current;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (peer, _, _) => IsCaller(peer, certificates);
                // A resumed session shows the certificates of its first handshake, which may have ended since.
                https.OnAuthenticate = static (_, tls) => tls.AllowTlsResume = false;
            }));
        });
        var app = builder.Build();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30) });
        app.MapGet(
            "/v1/namespaces/{namespace}/virtualmachineinstances/{name}/console",
            (HttpContext context, string @namespace, string name) => ConsoleAsync(context, new(@namespace, name)));
        more?.Invoke(app);
        return app;
    }

    private bool IsCaller(X509Certificate2 peer, ConsoleCertificates certificates)
    {
        if (PeerTrust.Refusal(peer, certificates.Trust, Consoles.CallerName, time) is not { } refusal)
        {
            return true;
        }

        LogRefused(logger, options.Node, refusal);
        return false;
    }

    private async Task ConsoleAsync(HttpContext context, NamespacedName key)
    {
        var vmi = await api.TryGetAsync(Kinds.VirtualMachineInstance, key, TypesJson.Default.VirtualMachineInstance, context.RequestAborted);
        if (vmi?.Status?.NodeName != options.Node || vmi.Status.OwnerPodUID is not { Length: > 0 } pod)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        Socket serial;
        try
        {
            serial = await UnixPath.ConnectAsync(new PodPlace(options.KubeletRoot, pod).Folder, "serial.sock", context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            LogNoSerial(logger, key, e.Message);
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            return;
        }

        await using var stream = new NetworkStream(serial, ownsSocket: true);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(
            context.WebSockets.WebSocketRequestedProtocols.Contains(Consoles.Subprotocol) ? Consoles.Subprotocol : null);
        await StreamBridge.RunAsync(socket, stream, context.RequestAborted);
    }

    private Task<JsonObject> PublishAsync(string? endpoint, CancellationToken cancellationToken) => api.PatchAsync(
        Kinds.Node,
        NamespacedName.Cluster(options.Node),
        PatchKind.Merge,
        new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Consoles.EndpointAnnotation] = endpoint } },
        },
        ct: cancellationToken);

    // The process has its own say about signals; the web host must not take them for itself.
    private sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [LoggerMessage(451, LogLevel.Information, "Consoles of {Node} are served on {Endpoint}")]
    private static partial void LogServing(ILogger logger, string node, string endpoint);

    [LoggerMessage(452, LogLevel.Warning, "Consoles of {Node} cannot be served: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, string node, string error);

    [LoggerMessage(456, LogLevel.Warning, "A caller of the agent of {Node} was refused: it {Refusal}")]
    private static partial void LogRefused(ILogger logger, string node, string refusal);

    [LoggerMessage(453, LogLevel.Information, "Console of {Vmi} has no serial line now: {Error}")]
    private static partial void LogNoSerial(ILogger logger, NamespacedName vmi, string error);
}
