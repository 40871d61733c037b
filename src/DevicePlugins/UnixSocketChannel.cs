using System.Net.Sockets;
using Grpc.Net.Client;

namespace Godwit.DevicePlugins;

/// <summary>Opens gRPC channels over Unix sockets.</summary>
public static class UnixSocketChannel
{
    /// <summary>A channel to the server that listens at <paramref name="path"/>; it connects with the first call.</summary>
    public static GrpcChannel Open(string path)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        // The address is never looked up; the name is what peers written in Go send too.
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
