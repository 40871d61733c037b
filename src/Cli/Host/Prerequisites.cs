using System.Net;
using System.Net.Sockets;

namespace Godwit.Cli.Host;

/// <summary>What must hold on this machine before a cluster can be started.</summary>
public static class Prerequisites
{
    /// <summary>Ends the command where the user is not root.</summary>
    public static void Root(string command)
    {
        if (Native.EffectiveUser() != 0)
        {
            throw new CliException(
                $"`godwit {command}` must run as root: it makes network namespaces, mounts and cgroups.", $"Try: sudo ./godwit {command}");
        }
    }

    /// <summary>Ends the command where the kernel lacks something, naming it and the remedy.</summary>
    public static void Kernel()
    {
        Need(Directory.Exists("/sys/fs/cgroup") && Mounts.Below("/sys/fs/cgroup").Count > 0, "no cgroup file system is mounted at /sys/fs/cgroup", "mount -t cgroup2 none /sys/fs/cgroup");
        Need(File.Exists("/proc/self/ns/net"), "the kernel has no network namespaces (CONFIG_NET_NS)", "boot a distribution kernel");
        Need(File.Exists("/dev/net/tun"), "there is no /dev/net/tun", "modprobe tun, or in a container: give it --device /dev/net/tun");
    }

    /// <summary>Ends the command where packages are missing and may not, or cannot, be installed.</summary>
    public static async Task PackagesAsync(string binDir, IReadOnlyList<string> sets, bool yes, CancellationToken ct)
    {
        var script = Path.Combine(binDir, "hack", "install-dependencies.sh");
        if (!File.Exists(script))
        {
            throw new CliException($"{script} is missing.", "Build again: remove artifacts/godwit and run ./godwit.");
        }

        var (code, _, _) = await HostCommand.CaptureAsync("/bin/bash", [script, "--check", .. sets], ct);
        if (code == 0)
        {
            return;
        }

        // The script asks on a terminal, and says what to install elsewhere.
        if (await HostCommand.RunAsync("/bin/bash", [script, .. yes ? ["--yes"] : Array.Empty<string>(), .. sets], ct) != 0)
        {
            throw new CliException("Tools are missing, see above.", "Install them, or run again with --yes.");
        }
    }

    /// <summary>Whether a TCP port can be listened on, on all addresses.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Ends the command where a port is taken, naming who has it.</summary>
    public static void Port(int port, string what, string flag)
    {
        if (IsFree(port))
        {
            return;
        }

        var holder = ProcessTable.ListenerOn(port) is { } pid ? $" by {ProcessTable.CommandName(pid)} (pid {pid})" : "";
        throw new CliException($"Port {port} ({what}) is taken{holder}.", $"Choose another with {flag} PORT, or let `--auto` choose free ports and networks.");
    }

    private static void Need(bool condition, string lack, string remedy)
    {
        if (!condition)
        {
            throw new CliException($"This machine cannot run a cluster: {lack}.", $"Remedy: {remedy}.");
        }
    }
}
