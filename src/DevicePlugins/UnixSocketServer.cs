using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Godwit.DevicePlugins;

/// <summary>One gRPC service on one or more Unix sockets. The sockets are gone when it is disposed.</summary>
public sealed class UnixSocketServer : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly WebApplication _app;
    private readonly IReadOnlyList<string> _sockets;

    private UnixSocketServer(WebApplication app, IReadOnlyList<string> sockets)
    {
        _app = app;
        _sockets = sockets;
    }

    /// <summary>Listens; what an earlier process left under the sockets' names is replaced.</summary>
    /// <param name="sockets">Paths of at most 107 bytes.</param>
    /// <param name="service">Answers all calls; <see cref="SocketOf"/> tells it on which socket one came.</param>
    /// <param name="loggers">Where the server's own messages go.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="IOException">A socket cannot be made; the message names it.</exception>
    public static async Task<UnixSocketServer> StartAsync<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods)] TService>(
        IReadOnlyList<string> sockets, TService service, ILoggerFactory loggers, CancellationToken cancellationToken)
        where TService : class
    {
        // Otherwise all folders below the working directory are watched for a change of a settings file that does not exist.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Services.Replace(ServiceDescriptor.Singleton(loggers));
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.Services.AddSingleton(service);
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var socket in sockets)
            {
                File.Delete(socket);
                kestrel.ListenUnixSocket(socket, at =>
                {
                    at.Protocols = HttpProtocols.Http2;
                    at.Use(next => connection =>
                    {
                        connection.Features.Set(new Place(socket));
                        return next(connection);
                    });
                });
            }
        });
        var app = builder.Build();
        app.MapGrpcService<TService>();
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or ArgumentOutOfRangeException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new IOException($"cannot listen at {string.Join(", ", sockets)}: {e.Message}", e);
        }

        foreach (var socket in sockets)
        {
            File.SetUnixFileMode(socket, OwnerOnly);
        }

        return new UnixSocketServer(app, sockets);
    }

    /// <summary>The path of the socket on which a call came.</summary>
    public static string SocketOf(ServerCallContext call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return call.GetHttpContext().Features.Get<Place>()?.Socket
            ?? throw new InvalidOperationException("the call came on no socket of this server");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        foreach (var socket in _sockets)
        {
            File.Delete(socket);
        }
    }

    private sealed record Place(string Socket);
}
