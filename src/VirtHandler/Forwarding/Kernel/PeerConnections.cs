using System.Globalization;
using System.Net;
using Godwit.VirtHandler.Network;
using Microsoft.Win32.SafeHandles;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// The TCP connections that another process has to one peer, or is making, cut from outside. With a peer that is silent in
/// the handshake of an encrypted migration QEMU 10.0 answers nothing and its guest stands still, and <c>yank</c> does not help (seen;
/// that it waits in its main loop for a connection that <c>yank</c> does not know yet is concluded from that).
/// </summary>
internal static class PeerConnections
{
    /// <summary>Ends them in both directions; whoever waits in one goes on with an error.</summary>
    /// <returns>How many there were; 0 when the process has ended.</returns>
    /// <exception cref="KernelException">The agent may not look into the process.</exception>
    public static int Cut(int pid, IPAddress peer, IReadOnlyCollection<int> ports)
    {
        // The process is held first: what is found under its number is looked up in it and in no later one.
        using var process = new SafeFileHandle(Libc.OpenProcess(pid), ownsHandle: true);
        if (process.IsInvalid)
        {
            return 0;
        }

        var names = Read($"/proc/{pid}/net/tcp").Concat(Read($"/proc/{pid}/net/tcp6")).Select(static inode => $"socket:[{inode}]").ToHashSet();
        var cut = 0;
        foreach (var file in names.Count == 0 ? [] : FilesOf(pid).Where(file => Target(file) is { } target && names.Contains(target)))
        {
            using var copy = new SafeFileHandle(Libc.Copy(process, int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture)), ownsHandle: true);
            if (copy.IsInvalid)
            {
                if (Libc.LastError is Libc.NoProcess or Libc.BadDescriptor)
                {
                    continue;
                }

                throw KernelException.Of($"the connections of process {pid} cannot be had", Libc.LastError);
            }

            // The descriptor may have become another file's since it was found.
            if (Target($"/proc/self/fd/{copy.DangerousGetHandle()}") is { } own && names.Contains(own) && Libc.Shut(copy, Libc.BothWays) == 0)
            {
                cut++;
            }
        }

        return cut;

        IEnumerable<long> Read(string table) => File.Exists(table) ? TcpTable.SocketsTo(File.ReadAllText(table), peer, ports) : [];
    }

    private static string[] FilesOf(int pid)
    {
        try
        {
            return Directory.GetFiles($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return [];
        }
    }

    private static string? Target(string file)
    {
        try
        {
            return new FileInfo(file).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Closed meanwhile.
            return null;
        }
    }
}
