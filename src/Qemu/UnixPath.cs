using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Godwit.Qemu;

/// <summary>
/// Reaches Unix sockets whose full path is longer than the 107 bytes that a socket address can hold: the folder is opened
/// first and the socket is addressed through its descriptor.
/// </summary>
public static partial class UnixPath
{
    private const int PathOnly = 0x200000;
    private const int Directory = 0x10000;
    private const int CloseOnExec = 0x80000;

    /// <summary>Connects to the stream socket <paramref name="name"/> in <paramref name="directory"/>.</summary>
    public static async Task<Socket> ConnectAsync(string directory, string name, CancellationToken cancellationToken)
    {
        var fd = OpenDirectory(directory);
        try
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(EndPoint(fd, name), cancellationToken).ConfigureAwait(false);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        finally
        {
            _ = Close(fd);
        }
    }

    /// <summary>Connects as <see cref="ConnectAsync"/> does; the stream owns the socket.</summary>
    public static async Task<Stream> OpenAsync(string directory, string name, CancellationToken cancellationToken) =>
        new NetworkStream(await ConnectAsync(directory, name, cancellationToken).ConfigureAwait(false), ownsSocket: true);

    /// <summary>Listens on <paramref name="name"/> in <paramref name="directory"/>; a left-over socket of that name is replaced.</summary>
    public static Socket Listen(string directory, string name, int backlog = 16)
    {
        File.Delete(Path.Combine(directory, name));
        var fd = OpenDirectory(directory);
        try
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Bind(EndPoint(fd, name));
                socket.Listen(backlog);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        finally
        {
            _ = Close(fd);
        }
    }

    private static UnixDomainSocketEndPoint EndPoint(int fd, string name)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{name}' is not a plain file name", nameof(name));
        }

        return new UnixDomainSocketEndPoint($"/proc/self/fd/{fd}/{name}");
    }

    private static int OpenDirectory(string directory)
    {
        var fd = Open(directory, PathOnly | Directory | CloseOnExec);
        return fd >= 0
            ? fd
            : throw new DirectoryNotFoundException(
                $"cannot open folder {directory}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int fd);
}
