using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Godwit.Perf.Api;

/// <summary>
/// One HTTP/2 connection with TLS and one request at a time, for a thread of its own: what is measured with it is the server, a
/// system call or two, and the waking of one thread. Only as much of HTTP/2 as that needs: headers are written without compression,
/// those of answers are passed over, and the window is opened so far at the start that a measurement does not use it up.
/// </summary>
internal sealed class LeanConnection : IDisposable
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte GoAway = 7;
    private const byte WindowUpdate = 8;
    private const byte EndStream = 1;
    private const byte Ack = 1;
    private const byte EndHeaders = 4;
    private const int FrameHeader = 9;
    private const int LargestWindow = int.MaxValue;
    private const int FirstWindow = 65535;

    // The places of names and values in the table that every HTTP/2 connection begins with (RFC 7541, appendix A).
    private const byte Authority = 1;
    private const byte Get = 2;
    private const byte Post = 3;
    private const byte Path = 4;
    private const byte Https = 7;
    private const byte ContentType = 31;
    private const byte Indexed = 0x80;

    private readonly TcpClient _tcp;
    private readonly SslStream _tls;
    private readonly byte[] _authority;
    private readonly byte[] _input = new byte[64 * 1024];
    private readonly byte[] _output = new byte[16 * 1024];
    private int _begin;
    private int _end;
    private int _stream = -1;

    private LeanConnection(TcpClient tcp, SslStream tls, string authority)
    {
        _tcp = tcp;
        _tls = tls;
        _authority = Encoding.ASCII.GetBytes(authority);
    }

    /// <summary>Connects with a client certificate.</summary>
    public static LeanConnection Open(LeanCredentials credentials)
    {
        var tcp = new TcpClient(credentials.Server.Host, credentials.Server.Port) { NoDelay = true };
        var tls = new SslStream(tcp.GetStream());
        try
        {
            tls.AuthenticateAsClient(credentials.Tls());
            var connection = new LeanConnection(tcp, tls, credentials.Server.Authority);
            connection.Greet();
            return connection;
        }
        catch
        {
            tls.Dispose();
            tcp.Dispose();
            throw;
        }
    }

    /// <summary>Sends an object and waits for the whole answer, which is returned as it came: a Status when it is a refusal.</summary>
    public string Create(string path, ReadOnlySpan<byte> body)
    {
        Send(Post, path, body);
        var answer = new StringBuilder();
        while (true)
        {
            answer.Append(Encoding.UTF8.GetString(ReadData(out var last)));
            if (last)
            {
                return answer.ToString();
            }
        }
    }

    /// <summary>Asks for something whose answer is then read bit by bit.</summary>
    public void Ask(string path) => Send(Get, path, []);

    /// <summary>The next bit of the answer, good until the next call.</summary>
    public ReadOnlySpan<byte> ReadData(out bool last)
    {
        while (true)
        {
            Need(FrameHeader);
            var header = _input.AsSpan(_begin, FrameHeader);
            var length = (header[0] << 16) | (header[1] << 8) | header[2];
            var (type, flags, stream) = (header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header[5..]));
            _begin += FrameHeader;
            Need(length);
            var payload = _input.AsSpan(_begin, length);
            _begin += length;
            switch (type)
            {
                case Settings when (flags & Ack) == 0:
                    Write(Frame(_output, Settings, Ack, 0, []));
                    break;
                case Ping when (flags & Ack) == 0:
                    Write(Frame(_output, Ping, Ack, 0, payload));
                    break;
                case Reset or GoAway:
                    throw new IOException($"the server ended the request (frame type {type}, code {Convert.ToHexString(payload)})");
                case Headers when stream == _stream && (flags & EndStream) != 0:
                    last = true;
                    return [];
                case Data when stream == _stream:
                    last = (flags & EndStream) != 0;
                    return payload;
            }
        }
    }

    /// <summary>Ends the connection; a thread that reads from it gets an error.</summary>
    public void Dispose()
    {
        _tcp.Client.Close();
        _tls.Dispose();
        _tcp.Dispose();
    }

    private void Greet()
    {
        Span<byte> window = stackalloc byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(window, 4);
        BinaryPrimitives.WriteInt32BigEndian(window[2..], LargestWindow);
        Span<byte> more = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(more, LargestWindow - FirstWindow);
        var preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;
        preface.CopyTo(_output);
        var at = preface.Length;
        at += Frame(_output.AsSpan(at), Settings, 0, 0, window);
        at += Frame(_output.AsSpan(at), WindowUpdate, 0, 0, more);
        Write(at);
    }

    private void Send(byte method, string path, ReadOnlySpan<byte> body)
    {
        _stream += 2;
        Span<byte> headers = stackalloc byte[1024];
        headers[0] = (byte)(Indexed | method);
        headers[1] = Indexed | Https;
        var at = 2;
        at += Header(headers[at..], Authority, _authority);
        at += Header(headers[at..], Path, Encoding.ASCII.GetBytes(path));
        if (body.Length > 0)
        {
            at += Header(headers[at..], ContentType, "application/json"u8);
        }

        var length = Frame(_output, Headers, (byte)(EndHeaders | (body.Length > 0 ? 0 : EndStream)), _stream, headers[..at]);
        if (body.Length > 0)
        {
            length += Frame(_output.AsSpan(length), Data, EndStream, _stream, body);
        }

        // Both in one record: the request goes out with one system call.
        Write(length);
    }

    // A literal that is not to be remembered, its name from the table.
    private static int Header(Span<byte> into, byte name, ReadOnlySpan<byte> value)
    {
        const int Most4 = 15;
        const int Most7 = 127;
        var at = 0;
        into[at++] = (byte)Math.Min((int)name, Most4);
        if (name >= Most4)
        {
            into[at++] = (byte)(name - Most4);
        }

        into[at++] = (byte)Math.Min(value.Length, Most7);
        if (value.Length >= Most7)
        {
            into[at++] = checked((byte)(value.Length - Most7));
        }

        value.CopyTo(into[at..]);
        return at + value.Length;
    }

    private static int Frame(Span<byte> into, byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteInt32BigEndian(into, payload.Length << 8);
        into[3] = type;
        into[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(into[5..], stream);
        payload.CopyTo(into[FrameHeader..]);
        return FrameHeader + payload.Length;
    }

    private void Write(int length) => _tls.Write(_output.AsSpan(0, length));

    private void Need(int count)
    {
        if (_begin == _end)
        {
            _begin = _end = 0;
        }
        else if (_input.Length - _begin < count)
        {
            _input.AsSpan(_begin, _end - _begin).CopyTo(_input);
            (_begin, _end) = (0, _end - _begin);
        }

        while (_end - _begin < count)
        {
            var read = _tls.Read(_input.AsSpan(_end));
            _end += read > 0 ? read : throw new IOException("the server ended the connection");
        }
    }
}
