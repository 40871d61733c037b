using System.Diagnostics;
using Godwit.VirtHandler.Host;
using Xunit;

namespace Godwit.Integration.VirtHandler;

/// <summary>
/// A stand-in for a launcher pod: a process in its own network, pid and mount namespaces with the pod's folder mounted, and
/// a client on the other end of its eth0. Everything goes with it.
/// </summary>
internal sealed class ScratchPod : IAsyncDisposable
{
    public const string PodAddress = "10.117.9.2";
    public const string ClientAddress = "10.117.9.1";
    private readonly string _name;
    private readonly string _root;
    private Process? _process;

    private ScratchPod(string name, string root)
    {
        _name = name;
        _root = root;
        Place = new PodPlace($"{root}/kubelet", Guid.NewGuid().ToString());
    }

    public PodPlace Place { get; }

    public int Pid { get; private set; }

    /// <summary>What the pod sees as its images.</summary>
    public string Images => $"{_root}/images";

    /// <summary>What the pod sees as its volumes.</summary>
    public string Volumes => $"{_root}/volumes";

    public string ClientNamespace => _name + "c";

    public string PodNamespace => _name + "p";

    public static async Task<ScratchPod> StartAsync()
    {
        var name = $"gwt{Environment.ProcessId % 10000}{Guid.NewGuid().ToString()[..4]}";
        var pod = new ScratchPod(name, Directory.CreateTempSubdirectory("godwit-test-").FullName);
        try
        {
            await pod.MakeAsync();
            return pod;
        }
        catch
        {
            await pod.DisposeAsync();
            throw;
        }
    }

    public Task<string> InPodAsync(string line, string? input = null) => Tool.RunAsync($"ip netns exec {PodNamespace} {line}", input);

    public Task<string> InClientAsync(string line, string? input = null) => Tool.RunAsync($"ip netns exec {ClientNamespace} {line}", input);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                await _process.WaitForExitAsync();
            }

            _process.Dispose();
        }

        await Tool.Host.RunAsync("ip", ["netns", "delete", PodNamespace], null, CancellationToken.None);
        await Tool.Host.RunAsync("ip", ["netns", "delete", ClientNamespace], null, CancellationToken.None);
        Directory.Delete(_root, recursive: true);
    }

    private async Task MakeAsync()
    {
        await Tool.RunAsync($"ip netns add {PodNamespace}");
        await Tool.RunAsync($"ip netns add {ClientNamespace}");
        await Tool.RunAsync("ip -batch -", $"""
            link add {_name} netns {ClientNamespace} type veth peer name eth0 netns {PodNamespace}
            """ + "\n");
        await InClientAsync("ip -batch -", $"address add {ClientAddress}/24 dev {_name}\nlink set {_name} mtu 1450 up\nlink set lo up\n");
        await InPodAsync("ip -batch -", $"address add {PodAddress}/24 dev eth0\nlink set eth0 mtu 1450 up\nlink set lo up\nroute add default via {ClientAddress}\n");
        Directory.CreateDirectory(Place.Folder);
        Directory.CreateDirectory(Images);
        Directory.CreateDirectory(Volumes);
        var start = new ProcessStartInfo("ip") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var word in (string[])[
            "netns", "exec", PodNamespace, "unshare", "--pid", "--fork", "--kill-child", "unshare", "--mount",
            "sh", "-c", $"""
            set -e
            mount -t tmpfs tmpfs /run
            mkdir /run/godwit /run/godwit-images /run/godwit-volumes
            mount --bind {Place.Folder} /run/godwit
            mount --bind {Images} /run/godwit-images
            mount --bind {Volumes} /run/godwit-volumes
            echo ready
            exec sleep 600
            """])
        {
            start.ArgumentList.Add(word);
        }

        _process = Process.Start(start)!;
        await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Pid = await new PodLocator().FindLauncherAsync(Place.PodUid, TestContext.Current.CancellationToken)
            ?? throw new InvalidOperationException("the pod's process was not found");
    }
}
