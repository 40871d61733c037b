using System.Diagnostics;
using System.Net.Sockets;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Host;
using Xunit;

namespace Godwit.Integration.VirtHandler.Forwarding;

/// <summary>A network of its own with a process in it, as a pod has; both go with this.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private readonly Process _holder;

    private NetworkNamespace(string name, Process holder)
    {
        Name = name;
        _holder = holder;
        Sockets = PodSockets.Open(holder.Id);
    }

    public string Name { get; }

    public PodSockets Sockets { get; }

    public static async Task<NetworkNamespace> StartAsync()
    {
        Tool.RequireRoot();
        var name = $"gwf{Environment.ProcessId % 10000}{Guid.NewGuid().ToString()[..6]}";
        await Tool.RunAsync($"ip netns add {name}");
        var start = new ProcessStartInfo("ip") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var word in (string[])["netns", "exec", name, "sh", "-c", "echo ready; exec sleep 600"])
        {
            start.ArgumentList.Add(word);
        }

        var holder = Process.Start(start)!;
        await holder.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        var made = new NetworkNamespace(name, holder);
        await made.IpAsync("link set lo up");
        return made;
    }

    /// <summary>Makes something on a thread that is in this network, as a socket has to be.</summary>
    public T Within<T>(Func<T> make)
    {
        T made = default!;
        var thread = new Thread(() =>
        {
            using var @namespace = Libc.Open($"/proc/{_holder.Id}/ns/net", Libc.ReadOnly);
            made = Libc.Enter(@namespace, Libc.NetworkNamespace) == 0 ? make() : default!;
        });
        thread.Start();
        thread.Join();
        return made;
    }

    public Socket NewUdp() => Within(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    /// <summary>Lines for ip -batch.</summary>
    public Task<string> IpAsync(params IEnumerable<string> lines) => Tool.RunAsync($"ip -n {Name} -batch -", string.Join('\n', lines) + "\n");

    /// <summary>
    /// Waits until a bridge forwards through a port that somebody has just opened: the kernel sees to that in its own time, on a loaded
    /// machine a second later, and what is sent before is lost.
    /// </summary>
    public async Task UntilForwardingAsync(string bridge, string port)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (!(await Tool.RunAsync($"ip -n {Name} -details link show {port}")).Contains("state forwarding", StringComparison.Ordinal)
            || !(await IpAsync($"link show {bridge}")).Contains("state UP", StringComparison.Ordinal))
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    public Task<string> NftAsync(string rules) => Tool.RunAsync($"ip netns exec {Name} nft -f -", rules);

    /// <summary>Sets what lies below /proc/sys/net.</summary>
    public Task SetAsync(params IEnumerable<(string Path, int Value)> settings) =>
        Tool.Host.RequireAsync(
            "ip",
            ["netns", "exec", Name, "sh", "-c", string.Join(" && ", settings.Select(s => $"echo {s.Value} > /proc/sys/net/{s.Path}"))],
            null,
            TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Sockets.Dispose();
        _holder.Kill();
        await _holder.WaitForExitAsync(CancellationToken.None);
        _holder.Dispose();
        await Tool.Host.RunAsync("ip", ["netns", "delete", Name], null, CancellationToken.None);
    }
}
