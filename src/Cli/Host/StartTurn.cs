using System.Net.Sockets;

namespace Godwit.Cli.Host;

/// <summary>
/// The turn of one start on this machine: what ports and networks are free is true for the next start only when this one has taken
/// its own. It is a name in the network's own table of sockets, which is as wide as its ports are, and goes with the process.
/// </summary>
public static class StartTurn
{
    private const string Name = "\0godwit-start";

    /// <summary>Waits until no other cluster is being started.</summary>
    public static async Task<IDisposable> TakeAsync(Deadline deadline, CancellationToken ct, string name = Name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await deadline.UntilAsync(
                "another cluster's start",
                "the other `godwit up`, or give more time with --timeout",
                _ => Task.FromResult(Bind(socket, name) ? null : "it is still choosing its ports and networks"),
                ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool Bind(Socket socket, string name)
    {
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(name));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
