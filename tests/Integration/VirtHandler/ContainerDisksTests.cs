using System.Diagnostics;
using Godwit.Types;
using Godwit.VirtHandler.Disks;
using Godwit.VirtHandler.Host;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler;

/// <summary>A launcher and a container beside it, as processes in mount namespaces and roots of their own.</summary>
public sealed class ContainerDisksTests : IAsyncLifetime
{
    private const string Volume = "root";
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-container-disks-").FullName;
    private readonly List<Process> _processes = [];
    private readonly PodLocator _locator = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private PodPlace Place => new($"{_folder}/kubelet", "pod-1");

    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it makes mount namespaces");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_image_of_the_container_beside_appears_in_the_launcher_read_only_and_nowhere_else()
    {
        var beside = await ContainerAsync("beside", Launcher.ContainerDisksVolume, $"{Launcher.ContainerDisksPath}/{Volume}");
        File.WriteAllText($"/proc/{beside.Id}/root/disk/disk.img", "the disk");
        var launcher = await ContainerAsync("launcher", Launcher.FolderVolume, Launcher.FolderPath);
        var hostMounts = await HostMountsAsync();

        // The second time, as after a restart of the agent, there is nothing to do.
        for (var time = 1; time <= 2; time++)
        {
            await new ContainerDisks(_locator).ShowAsync(Place, launcher.Id, [Volume], Ct);
            (await File.ReadAllTextAsync($"/proc/{launcher.Id}/mountinfo", Ct)).Split('\n').Count(line => line.Contains($" /run/godwit-images/{Volume} ", StringComparison.Ordinal)).ShouldBe(1);
        }

        var shown = PodPlace.Outside(launcher.Id, $"{Launcher.ImagesPath}/{Volume}");
        (await File.ReadAllTextAsync($"{shown}/disk/disk.img", Ct)).ShouldBe("the disk");
        Should.Throw<IOException>(() => File.WriteAllText($"{shown}/disk/other", "x"));
        (await HostMountsAsync()).ShouldBe(hostMounts);
        Directory.EnumerateFileSystemEntries($"{_folder}/launcher/run/godwit-images/{Volume}").ShouldBeEmpty();

        // What the launcher has been shown it keeps.
        beside.Kill();
        await beside.WaitForExitAsync(Ct);
        (await File.ReadAllTextAsync($"{shown}/disk/disk.img", Ct)).ShouldBe("the disk");
    }

    [Fact]
    public async Task A_link_where_the_image_is_to_be_does_not_lead_out_of_the_launcher()
    {
        await ContainerAsync("beside", Launcher.ContainerDisksVolume, $"{Launcher.ContainerDisksPath}/{Volume}");
        var launcher = await ContainerAsync("launcher", Launcher.FolderVolume, Launcher.FolderPath);
        var outside = Directory.CreateDirectory($"{_folder}/outside").FullName;
        Directory.CreateDirectory($"/proc/{launcher.Id}/root/run/godwit-images");
        File.CreateSymbolicLink($"/proc/{launcher.Id}/root/run/godwit-images/{Volume}", outside);

        await new ContainerDisks(_locator).ShowAsync(Place, launcher.Id, [Volume], Ct);

        (await File.ReadAllTextAsync($"/proc/{launcher.Id}/mountinfo", Ct)).ShouldContain($" {outside} ro,");
        (await File.ReadAllTextAsync("/proc/self/mountinfo", Ct)).ShouldNotContain(outside);
    }

    [Fact]
    public async Task Without_the_container_the_refusal_names_volume_and_pod()
    {
        await ContainerAsync("beside", Launcher.ContainerDisksVolume, $"{Launcher.ContainerDisksPath}/another");
        var launcher = await ContainerAsync("launcher", Launcher.FolderVolume, Launcher.FolderPath);
        (await Should.ThrowAsync<DiskException>(() => new ContainerDisks(_locator).ShowAsync(Place, launcher.Id, [Volume], Ct)))
            .Message.ShouldBe("volume root: the container with its image does not run; see `kubectl describe pod` of the launcher with UID pod-1");
    }

    [Fact]
    public async Task A_process_that_is_not_the_containers_any_more_shows_nothing()
    {
        var other = await ContainerAsync("other", "another", "/another");
        Should.Throw<IOException>(() => MountedTree.OfProcess(other.Id, () => PodLocator.ShowsContainerDisk(File.ReadAllText($"/proc/{other.Id}/mountinfo"), Place.PodUid, Volume)))
            .Message.ShouldBe($"process {other.Id} has ended");
    }

    /// <summary>Those that have to do with this test; others' come and go beside it.</summary>
    private async Task<string[]> HostMountsAsync() =>
        [.. (await File.ReadAllLinesAsync("/proc/self/mountinfo", Ct)).Where(line => line.Contains(_folder, StringComparison.Ordinal))];

    /// <summary>A root of its own with the machine's programs in it, into which it changes as container runtimes do.</summary>
    private async Task<Process> ContainerAsync(string name, string volume, string path)
    {
        var root = Directory.CreateDirectory($"{_folder}/{name}").FullName;
        var source = Directory.CreateDirectory($"{Place.KubeletRoot}/pods/{Place.PodUid}/volumes/kubernetes.io~empty-dir/{volume}").FullName;
        var start = new ProcessStartInfo("unshare") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var word in (string[])["--mount", "--propagation", "slave", "sh", "-c", $"""
            set -e
            mount --bind {root} {root}
            cd {root}
            mkdir -p usr proc run var old disk
            ln -s /run var/run
            for link in bin lib lib64; do ln -s usr/$link $link; done
            mount --rbind /usr usr
            mount -t proc proc proc
            mkdir -p .{path.Replace("/var/run", "/run", StringComparison.Ordinal)}
            mount --bind {source} .{path.Replace("/var/run", "/run", StringComparison.Ordinal)}
            pivot_root . old
            umount -l /old
            echo ready
            exec sleep 600
            """])
        {
            start.ArgumentList.Add(word);
        }

        var process = Process.Start(start)!;
        _processes.Add(process);
        (await process.StandardOutput.ReadLineAsync(Ct)).ShouldBe("ready");
        return process;
    }
}
