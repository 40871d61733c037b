namespace Godwit.Simulation.Time;

/// <summary>The reading end of a simulated connection, and a writing end that hands each write to <paramref name="write"/>.</summary>
internal sealed class Bytes(Action<ReadOnlyMemory<byte>>? write = null, Action? closed = null) : Stream
{
    private readonly Queue<ReadOnlyMemory<byte>> _arrived = new();
    private TaskCompletionSource<bool>? _reader;
    private Exception? _broken;
    private int _read;
    private bool _ended;
    private bool _disposed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => write is not null;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Bytes arrive at the reader.</summary>
    public void Arrive(ReadOnlyMemory<byte> bytes)
    {
        if (!_ended)
        {
            _arrived.Enqueue(bytes);
            Wake();
        }
    }

    /// <summary>The other side has closed; with an exception: the connection broke.</summary>
    public void End(Exception? broken = null)
    {
        _ended = true;
        _broken ??= broken;
        Wake();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_arrived.Count == 0)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_broken is not null)
            {
                throw new IOException(_broken.Message, _broken);
            }

            if (_ended)
            {
                return 0;
            }

            var reader = _reader = new TaskCompletionSource<bool>();
            await using var registration = cancellationToken.UnsafeRegister(_ => reader.TrySetCanceled(cancellationToken), null);
            await reader.Task;
        }

        var next = _arrived.Peek()[_read..];
        var count = Math.Min(next.Length, buffer.Length);
        next[..count].CopyTo(buffer);
        _read += count;
        if (count == next.Length)
        {
            _arrived.Dequeue();
            _read = 0;
        }

        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_ended)
        {
            throw new IOException("the other side has closed the connection");
        }

        write!(buffer);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            Wake();
            closed?.Invoke();
        }

        base.Dispose(disposing);
    }

    private void Wake()
    {
        var reader = _reader;
        _reader = null;
        reader?.TrySetResult(true);
    }
}
