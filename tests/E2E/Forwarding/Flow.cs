using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>One connection with a guest that echoes: numbered records go out, and each has to come back as it was.</summary>
internal class Flow(string kind, Socket socket, bool idle) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan DatagramPatience = TimeSpan.FromSeconds(2);
    private readonly byte[] _answer = new byte[64];
    private int _number;

    /// <summary>Which way it was made, and by which protocol.</summary>
    public string Kind => kind;

    /// <summary>Nothing is said on it while the guest moves.</summary>
    public bool Idle => idle;

    /// <summary>Why it is broken; null while it is not.</summary>
    public string? Broken { get; private set; }

    /// <summary>Records that came back.</summary>
    public int Echoed { get; private set; }

    /// <summary>Datagrams that did not.</summary>
    public int Missing { get; private set; }

    /// <summary>The longest that a record took of those that are measured.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>When that record was sent.</summary>
    public DateTimeOffset LongestSent { get; private set; }

    private bool IsTcp => socket.SocketType == SocketType.Stream;

    public void Dispose()
    {
        socket.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A record as it is sent.</summary>
    protected virtual byte[] Wrap(byte[] record) => record;

    /// <summary>The record in what was received; nothing where it is none of this flow.</summary>
    protected virtual ReadOnlySpan<byte> Unwrap(ReadOnlySpan<byte> received) => received;

    /// <summary>Sends one record and waits for its echo; a datagram may be lost, but not three in a row.</summary>
    public async Task ExchangeAsync(bool measured, CancellationToken cancellationToken)
    {
        for (var attempt = 1; Broken is null; attempt++)
        {
            var record = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{_number++:0000000000} record\n"));
            var began = TimeProvider.System.GetTimestamp();
            try
            {
                await socket.SendAsync(Wrap(record), cancellationToken);
                if (!await EchoAsync(record, cancellationToken))
                {
                    return;
                }

                var took = TimeProvider.System.GetElapsedTime(began);
                if (measured && took > Longest)
                {
                    Longest = took;
                    LongestSent = TimeProvider.System.GetUtcNow() - took;
                }

                Echoed++;
                return;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Missing++;
                Broken = IsTcp ? $"no echo within {Patience.TotalSeconds} s" : attempt == 3 ? "three datagrams in a row were lost" : null;
            }
            catch (SocketException e)
            {
                Broken = e.Message;
            }
        }
    }

    private async Task<bool> EchoAsync(byte[] record, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(IsTcp ? Patience : DatagramPatience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        for (var read = 0; ;)
        {
            var length = await socket.ReceiveAsync(_answer.AsMemory(IsTcp ? read : 0), either.Token);
            if (IsTcp && length == 0)
            {
                Broken = "the guest closed it";
                return false;
            }

            read = IsTcp ? read + length : length;
            if (Unwrap(_answer.AsSpan(0, read)).SequenceEqual(record))
            {
                return true;
            }

            // A datagram may come when nobody waits for it any more; a stream has to be what was sent, byte for byte.
            if (IsTcp && !record.AsSpan().StartsWith(_answer.AsSpan(0, read)))
            {
                Broken = $"'{Encoding.ASCII.GetString(_answer, 0, read).TrimEnd()}' came back for '{Encoding.ASCII.GetString(record).TrimEnd()}'";
                return false;
            }
        }
    }
}
