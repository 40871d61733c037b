using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// A copy of QEMU's descriptor of a tap: of the same open file, so that what is read here QEMU does not see. The file's flags are
/// QEMU's too and stay as they are.
/// </summary>
internal sealed class TapQueue : IDisposable
{
    private const nuint GetInterface = 0x800454d2; // TUNGETIFF
    private const nuint GetHeaderLength = 0x800454d7; // TUNGETVNETHDRSZ
    private const int InterfaceRequest = 40; // struct ifreq
    private const int NameLength = 16;
    private const ushort WithHeader = 0x4000; // IFF_VNET_HDR
    private readonly SafeFileHandle _file;

    private TapQueue(SafeFileHandle file, int headerLength) => (_file, HeaderLength) = (file, headerLength);

    /// <summary>How many bytes of virtio's header stand before each frame.</summary>
    public int HeaderLength { get; }

    /// <summary>All queues of a tap that a process has open; none when it has ended.</summary>
    /// <exception cref="KernelException">The agent may not look into the process.</exception>
    public static List<TapQueue> Of(int pid, string tapName)
    {
        using var process = new SafeFileHandle(Libc.OpenProcess(pid), ownsHandle: true);
        var queues = new List<TapQueue>();
        try
        {
            // The process is held first: what is found under its number is looked up in it and in no later one.
            foreach (var descriptor in process.IsInvalid ? [] : DescriptorsOf(pid, tapName))
            {
                if (Copy(process, descriptor, tapName) is { } queue)
                {
                    queues.Add(queue);
                }
            }

            return queues;
        }
        catch
        {
            queues.ForEach(queue => queue.Dispose());
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Reads one frame; null when there is none now.</summary>
    public unsafe int? TryRead(Span<byte> buffer)
    {
        // Where QEMU has not set the file non-blocking, a read without a frame would wait.
        var watched = new Libc.Watched { Descriptor = (int)_file.DangerousGetHandle(), Wanted = Libc.Readable };
        int ready;
        do
        {
            ready = Libc.Poll(&watched, 1, 0);
        }
        while (ready < 0 && Libc.LastError == Libc.Interrupted);

        if (ready != 1 || (watched.Seen & Libc.Readable) == 0)
        {
            return null;
        }

        fixed (byte* bytes = buffer)
        {
            nint length;
            do
            {
                length = Libc.Read(_file, bytes, buffer.Length);
            }
            while (length < 0 && Libc.LastError == Libc.Interrupted);

            return length >= 0 ? (int)length : null;
        }
    }

    private static List<int> DescriptorsOf(int pid, string tapName)
    {
        var found = new List<int>();
        try
        {
            foreach (var file in Directory.EnumerateFiles($"/proc/{pid}/fdinfo"))
            {
                if (Names(file, tapName) && int.TryParse(Path.GetFileName(file), out var descriptor))
                {
                    found.Add(descriptor);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process ends just now: so do its queues. One that may not be looked into is told by the copying, or had none.
        }

        return found;
    }

    private static bool Names(string file, string tapName)
    {
        try
        {
            return File.ReadLines(file).Contains($"iff:\t{tapName}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Closed meanwhile.
            return false;
        }
    }

    private static unsafe TapQueue? Copy(SafeFileHandle process, int descriptor, string tapName)
    {
        var copy = new SafeFileHandle(Libc.Copy(process, descriptor), ownsHandle: true);
        if (copy.IsInvalid)
        {
            return Libc.LastError is Libc.NoProcess or Libc.BadDescriptor ? null : throw KernelException.Of($"the queue of {tapName} cannot be had from QEMU", Libc.LastError);
        }

        // The descriptor may have become another file's since it was found.
        var request = stackalloc byte[InterfaceRequest];
        new Span<byte>(request, InterfaceRequest).Clear();
        var length = 0;
        if (Libc.Control(copy, GetInterface, request) < 0
            || Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(request)) != tapName
            || Libc.Control(copy, GetHeaderLength, &length) < 0)
        {
            copy.Dispose();
            return null;
        }

        return new TapQueue(copy, (*(ushort*)(request + NameLength) & WithHeader) != 0 ? length : 0);
    }
}
