using System.Buffers;
using System.Text;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Turns lines of a log file into what the user asked for: text only or with times, since when, how much.</summary>
internal sealed class LogFilter(PodLogRequest request, Stream output)
{
    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly ArrayBufferWriter<byte> _rest = new();
    private readonly ArrayBufferWriter<byte> _ready = new();
    private long _written;
    private bool _insideLine;

    /// <summary>True once the limit of bytes is reached.</summary>
    public bool IsFull => request.LimitBytes is { } limit && _written >= limit;

    /// <summary>Copies what the file has from its position on; an unfinished line waits for its end.</summary>
    public async Task DrainAsync(Stream file, CancellationToken cancellation)
    {
        int n;
        while (!IsFull && (n = await file.ReadAsync(_buffer, cancellation)) > 0)
        {
            var start = 0;
            for (var i = 0; i < n; i++)
            {
                if (_buffer[i] == (byte)'\n')
                {
                    _rest.Write(_buffer.AsSpan(start, i - start));
                    Line(Encoding.UTF8.GetString(_rest.WrittenSpan));
                    _rest.ResetWrittenCount();
                    start = i + 1;
                }
            }
            _rest.Write(_buffer.AsSpan(start, n - start));
            await FlushAsync(cancellation);
        }
    }

    /// <summary>The log is over: the last word may lack its newline.</summary>
    public async Task EndAsync(CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        await output.FlushAsync(cancellation);
    }

    private void Line(string text)
    {
        if (CriLogLine.TryParse(text) is not { } line || (request.Since is { } since && line.Time < since))
        {
            return;
        }
        if (request.Timestamps && !_insideLine)
        {
            _ready.Write(Encoding.UTF8.GetBytes(line.Timestamp + " "));
        }
        _ready.Write(Encoding.UTF8.GetBytes(line.Text));
        if (line.IsFull)
        {
            _ready.Write("\n"u8);
        }
        _insideLine = !line.IsFull;
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        var size = (int)Math.Min(_ready.WrittenCount, (request.LimitBytes ?? long.MaxValue) - _written);
        if (size > 0)
        {
            await output.WriteAsync(_ready.WrittenMemory[..size], cancellation);
            if (request.Follow)
            {
                await output.FlushAsync(cancellation);
            }
            _written += size;
        }
        _ready.ResetWrittenCount();
    }
}
