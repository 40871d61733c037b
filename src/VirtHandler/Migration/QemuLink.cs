using System.Net.Sockets;
using Godwit.Qemu;

namespace Godwit.VirtHandler.Migration;

/// <summary>The control monitor of one pod's QEMU: connects when needed, and tells a QEMU that is gone from one that is silent.</summary>
public sealed class QemuLink(string folder, QmpClientOptions monitors) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);
    private readonly QmpClientOptions _options = monitors with { ConnectDeadline = Deadline, CommandDeadline = Deadline };
    private QmpClient? _client;

    public QmpClient? Client => _client is { Closed.IsCompleted: false } client ? client : null;

    public async Task<QemuPresence> ConnectAsync(CancellationToken cancellationToken)
    {
        if (Client is not null)
        {
            return QemuPresence.Connected;
        }

        if (_client is not null)
        {
            await _client.DisposeAsync();
            _client = null;
        }

        if (!Directory.Exists(folder))
        {
            return QemuPresence.Gone;
        }

        var status = LauncherStatus.Read(folder);
        if (status?.Reason is not null)
        {
            return QemuPresence.Gone;
        }

        if (!File.Exists(Path.Combine(folder, DomainFolder.Domain)))
        {
            return QemuPresence.NotPrepared;
        }

        try
        {
            _client = await QmpClient.ConnectAsync(folder, DomainFolder.ControlSocket, _options, cancellationToken);
            return QemuPresence.Connected;
        }
        catch (SocketException e)
        {
            // A socket that nobody listens on any more is what a dead QEMU leaves; one that does not exist is a QEMU to come.
            return e.SocketErrorCode == SocketError.ConnectionRefused && status?.QemuPid is not null
                ? QemuPresence.Gone
                : QemuPresence.Starting;
        }
        catch (DirectoryNotFoundException)
        {
            return QemuPresence.Gone;
        }
        catch (QmpUnavailableException)
        {
            return QemuPresence.Unreachable;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
            _client = null;
        }
    }
}
