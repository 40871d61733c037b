using System.Diagnostics;
using System.Globalization;
using Godwit.Machinery;

namespace Godwit.Perf.Peers;

/// <summary>Two libvirtds on one machine that can reach each other and nothing else.</summary>
internal sealed class LibvirtPair : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-libvirt-").FullName;
    private readonly List<LibvirtNode> _nodes = [];

    /// <summary>Numbered 1 and 2.</summary>
    public LibvirtNode this[int number] => _nodes[number - 1];

    public static async Task<LibvirtPair> StartAsync(CancellationToken ct)
    {
        var pair = new LibvirtPair();
        try
        {
            using var authority = CertificateAuthority.Create("bench", TimeSpan.FromDays(1));
            foreach (var number in new[] { 1, 2 })
            {
                pair._nodes.Add(await LibvirtNode.CreateAsync(Path.Combine(pair._folder, LibvirtNode.NameOf(number)), number, authority, ct));
            }

            await pair.ConnectAsync(ct);
            await Task.WhenAll(pair._nodes.Select(node => ReadyAsync(node, ct)));
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts a file where both nodes see it, whatever they have mounted elsewhere.</summary>
    public string Share(string file)
    {
        var copy = Path.Combine(_folder, Path.GetFileName(file));
        File.Copy(file, copy, overwrite: true);
        return copy;
    }

    /// <summary>Processor seconds of both nodes, QEMUs and all that has ended among them.</summary>
    public double CpuSeconds() => _nodes.Sum(static node => CpuTimes.OfTree(node.Pid));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task ConnectAsync(CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        foreach (var node in _nodes)
        {
            // unshare has entered its new namespaces when they are other ones than ours.
            while (new FileInfo($"/proc/{node.Pid}/ns/net").LinkTarget == new FileInfo("/proc/self/ns/net").LinkTarget)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
            }
        }

        string[] pids = [.. _nodes.Select(static node => node.Pid.ToString(CultureInfo.InvariantCulture))];
        await Tool.RunAsync("ip", ["link", "add", "peer", "netns", pids[0], "type", "veth", "peer", "name", "peer", "netns", pids[1]], ct);
        foreach (var node in _nodes)
        {
            var pid = node.Pid.ToString(CultureInfo.InvariantCulture);
            await Tool.RunAsync("nsenter", ["-t", pid, "-n", "ip", "addr", "add", $"{node.Address}/24", "dev", "peer"], ct);
            await Tool.RunAsync("nsenter", ["-t", pid, "-n", "ip", "link", "set", "peer", "up"], ct);
            await node.GoAsync(ct);
        }
    }

    private static async Task ReadyAsync(LibvirtNode node, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await Tool.RunAsync("virsh", ["-q", "-c", node.Uri, "list"], ct);
                return;
            }
            catch (InvalidOperationException e)
            {
                if (node.HasEnded || Stopwatch.GetElapsedTime(began) > Patience)
                {
                    throw new InvalidOperationException($"{node.Name} does not answer ({e.Message}); libvirtd says: {node.Log}", e);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, ct);
            }
        }
    }
}
