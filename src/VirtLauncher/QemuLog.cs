using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtLauncher;

/// <summary>
/// QEMU's messages, into the log file and to the launcher's own error output. The reason of a failed migration stands
/// nowhere else, so the last line is kept for the status.
/// </summary>
internal sealed class QemuLog
{
    /// <summary>A QEMU that complains without end must not fill the node's disk.</summary>
    private const long MaxFileBytes = 4 * 1024 * 1024;

    private readonly Thread _thread;
    private readonly SafeFileHandle _reading;
    private readonly string _path;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _tail = new();

    public QemuLog(SafeFileHandle reading, string path)
    {
        _reading = reading;
        _path = path;
        _thread = new Thread(Copy, maxStackSize: 256 * 1024) { IsBackground = true, Name = "qemu-log" };
        _thread.Start();
    }

    /// <summary>Completes when QEMU and all who share its error output are gone.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The last lines that QEMU wrote.</summary>
    public string Tail
    {
        get
        {
            lock (_tail)
            {
                return _tail.ToString().Trim();
            }
        }
    }

    private void Copy()
    {
        try
        {
            using var pipe = new FileStream(_reading, FileAccess.Read, bufferSize: 0);
            using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            var lines = new WholeLines();
            var buffer = new byte[4096];
            int count;
            while ((count = pipe.Read(buffer)) > 0)
            {
                var chunk = buffer.AsSpan(0, count);
                if (file.Length < MaxFileBytes)
                {
                    file.Write(chunk);
                }

                ErrorOutput.PassOn(lines.Take(chunk));
                Keep(chunk);
            }

            ErrorOutput.PassOn(lines.Rest());
        }
        catch (IOException e)
        {
            ErrorOutput.Say($"QEMU's messages can no longer be kept: {e.Message}");
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void Keep(ReadOnlySpan<byte> chunk)
    {
        const int Most = 2048;
        lock (_tail)
        {
            _tail.Append(Encoding.UTF8.GetString(chunk));
            if (_tail.Length > Most)
            {
                _tail.Remove(0, _tail.Length - Most);
            }
        }
    }
}
