using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Godwit.LocalCluster.ApiServer.Hosting;

/// <summary>Kestrel as an API server wants it: TLS with optional client certificates, many streams, patience with watches.</summary>
internal static class KestrelSettings
{
    private const int StreamsPerConnection = 1000;
    private const int SolIp = 0;
    private const int IpFreeBind = 15;

    public static void Apply(WebApplicationBuilder builder, ApiServerOptions options, X509Certificate2 certificate)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Http.RequestBody.MaxBytes;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            foreach (var address in options.ExtraAddresses.Prepend(IPAddress.Loopback))
            {
                kestrel.Listen(address, options.Port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1AndHttp2;
                    listen.UseHttps(new HttpsConnectionAdapterOptions
                    {
                        ServerCertificate = certificate,
                        ClientCertificateMode = ClientCertificateMode.AllowCertificate,

                        // Judged per request: a stranger's certificate is an anonymous caller, not a broken connection.
                        ClientCertificateValidation = (_, _, _) => true,
                    });
                });
            }
        });
        builder.WebHost.UseSockets(static sockets =>
        {
            sockets.CreateBoundListenSocket = Bind;

            // What is written goes out from the thread that wrote it, and what came in is handled by the thread of the pool that took it:
            // two queues less for each request and for each watcher of each change. No handler of ours blocks its thread.
            sockets.UnsafePreferInlineScheduling = true;
        });
    }

    /// <summary>An address may be listened on before the interface that will have it is there: nodes are made through the API.</summary>
    private static Socket Bind(EndPoint endPoint)
    {
        if (endPoint is not IPEndPoint { AddressFamily: AddressFamily.InterNetwork })
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetRawSocketOption(SolIp, IpFreeBind, [1, 0, 0, 0]);
            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
