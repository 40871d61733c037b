using Godwit.DevicePlugins;
using Grpc.Net.Client;

namespace Godwit.LocalCluster.Devices;

/// <summary>A plug-in that has registered a resource, and what it last said of its devices.</summary>
internal sealed class DevicePluginClient(RegisterRequest registration, string socket, CancellationToken kubeletEnds) : IDisposable
{
    private readonly GrpcChannel _channel = UnixSocketChannel.Open(socket);
    private readonly CancellationTokenSource _ends = CancellationTokenSource.CreateLinkedTokenSource(kubeletEnds);

    public string Resource { get; } = registration.ResourceName;

    public bool NeedsPreStart { get; } = registration.Options?.PreStartRequired == true;

    public DevicePlugin.DevicePluginClient Calls => new(_channel);

    /// <summary>Cancelled when another plug-in has taken its place.</summary>
    public CancellationToken Ends => _ends.Token;

    public void End() => _ends.Cancel();

    public void Dispose()
    {
        _channel.Dispose();
        _ends.Dispose();
    }
}
