using System.Text;
using Godwit.VirtHandler.Disks;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler;

public sealed class DiskPreparerTests
{
    private const long MiB = 1 << 20;
    private static readonly DiskPreparer Preparer = new(Tool.Host);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_disk_gets_a_layer_that_names_the_image_as_the_pod_sees_it()
    {
        await using var pod = await StartAsync();
        MakeFile($"{pod.Images}/root/disk/disk.img", 4 * MiB);

        var image = await Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("root", DiskSource.ContainerDisk), null, Ct);

        image.ShouldBe(new DiskImage("root", DiskSource.ContainerDisk, "/var/run/godwit/disks/root.qcow2", "qcow2", 4 * MiB, ReadOnly: false, Shared: false)
        {
            BackingPath = "/var/run/godwit-images/root/disk/disk.img",
            BackingFormat = "raw",
        });
        (await Tool.RunAsync($"nsenter -t {pod.Pid} -m qemu-img info --backing-chain /var/run/godwit/disks/root.qcow2")).ShouldContain("virtual size: 4 MiB");
    }

    [Fact]
    public async Task Disks_belong_to_the_user_as_whom_the_guest_runs_and_those_of_the_pod_alone_to_nobody_else()
    {
        await using var pod = await StartAsync();
        MakeFile($"{pod.Volumes}/data/disk.img", 4 * MiB);
        MakeFile($"{pod.Volumes}/shown/disk.img", 4 * MiB);
        await Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("scratch", DiskSource.EmptyDisk) { Capacity = 8 * MiB }, null, Ct);
        await Preparer.PrepareAsync(
            pod.Place, pod.Pid, new VolumeRequest("seed", DiskSource.Iso) { Iso = new IsoContent("cidata", new Dictionary<string, byte[]> { ["user-data"] = [1] }) }, null, Ct);
        await Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("data", DiskSource.Claim), null, Ct);
        await Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("shown", DiskSource.Claim) { ReadOnly = true }, null, Ct);

        (await Tool.RunAsync($"stat -c %u:%g:%a {pod.Place.DisksFolder}/scratch.qcow2 {pod.Place.DisksFolder}/seed.iso")).ShouldBe("107:107:600\n107:107:600\n");
        (await Tool.RunAsync($"stat -c %u:%g {pod.Volumes}/data/disk.img {pod.Volumes}/shown/disk.img")).ShouldBe("107:107\n0:0\n");
    }

    [Fact]
    public async Task A_disk_that_is_there_already_is_kept()
    {
        await using var pod = await StartAsync();
        var request = new VolumeRequest("scratch", DiskSource.EmptyDisk) { Capacity = 8 * MiB };
        await Preparer.PrepareAsync(pod.Place, pod.Pid, request, null, Ct);
        var written = File.GetLastWriteTimeUtc($"{pod.Place.DisksFolder}/scratch.qcow2");

        (await Preparer.PrepareAsync(pod.Place, pod.Pid, request, null, Ct)).VirtualSize.ShouldBe(8 * MiB);

        File.GetLastWriteTimeUtc($"{pod.Place.DisksFolder}/scratch.qcow2").ShouldBe(written);
        Directory.GetFiles(pod.Place.DisksFolder).ShouldBe([$"{pod.Place.DisksFolder}/scratch.qcow2"]);
    }

    [Fact]
    public async Task A_target_gets_empty_disks_of_exactly_the_recorded_sizes()
    {
        await using var pod = await StartAsync();

        var empty = await Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("scratch", DiskSource.EmptyDisk), 8 * MiB, Ct);
        var iso = await Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("ci", DiskSource.Iso), 372736, Ct);

        empty.VirtualSize.ShouldBe(8 * MiB);
        iso.VirtualSize.ShouldBe(372736);
    }

    [Fact]
    public async Task A_claim_is_filled_with_a_sparse_image_of_its_size_once()
    {
        await using var pod = await StartAsync();
        Directory.CreateDirectory($"{pod.Volumes}/data");
        var request = new VolumeRequest("data", DiskSource.Claim) { Capacity = 16 * MiB, MayCreate = true, Shared = true };

        var first = await Preparer.PrepareAsync(pod.Place, pod.Pid, request, null, Ct);
        var second = await Preparer.PrepareAsync(pod.Place, pod.Pid, request with { Capacity = 99 * MiB }, null, Ct);

        first.ShouldBe(new DiskImage("data", DiskSource.Claim, "/var/run/godwit-volumes/data/disk.img", "raw", 16 * MiB, ReadOnly: false, Shared: true));
        second.ShouldBe(first);
    }

    [Fact]
    public async Task A_cloud_init_disk_can_be_read_as_NoCloud_wants_it()
    {
        await using var pod = await StartAsync();
        var content = new IsoContent("cidata", new Dictionary<string, byte[]> { ["user-data"] = "#cloud-config\n"u8.ToArray(), ["meta-data"] = "instance-id: x\n"u8.ToArray() });

        var image = await Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("ci", DiskSource.Iso) { Iso = content }, null, Ct);

        var bytes = await File.ReadAllBytesAsync($"{pod.Place.DisksFolder}/ci.iso", Ct);
        Encoding.ASCII.GetString(bytes, (16 * 2048) + 40, 6).ShouldBe("cidata");
        Encoding.ASCII.GetString(bytes).ShouldContain("#cloud-config\n");
        image.VirtualSize.ShouldBe(bytes.Length);
        Directory.GetFileSystemEntries(pod.Place.DisksFolder).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData("none", "the image has no file in /disk")]
    [InlineData("two", "2 files in /disk (a.img, b.img)")]
    [InlineData("empty", "is empty (0 bytes)")]
    [InlineData("broken", "not a usable disk image")]
    [InlineData("layer", "is only a layer over")]
    public async Task An_unusable_image_is_refused_in_words(string kind, string words)
    {
        await using var pod = await StartAsync();
        var folder = Directory.CreateDirectory($"{pod.Images}/root/disk").FullName;
        switch (kind)
        {
            case "two":
                MakeFile($"{folder}/a.img", MiB);
                MakeFile($"{folder}/b.img", MiB);
                break;
            case "empty":
                MakeFile($"{folder}/a.img", 0);
                break;
            case "broken":
                await File.WriteAllBytesAsync($"{folder}/a.qcow2", [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3, 1, 1, 1, 1, 1, 1, 1, 1, .. new byte[100]], Ct);
                break;
            case "layer":
                MakeFile($"{pod.Images}/base.img", MiB);
                await Tool.RunAsync($"qemu-img create -q -f qcow2 -b {pod.Images}/base.img -F raw {folder}/a.qcow2");
                break;
        }

        var refusal = await Should.ThrowAsync<DiskException>(() => Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("root", DiskSource.ContainerDisk), null, Ct));

        refusal.Message.ShouldStartWith("volume root");
        refusal.Message.ShouldContain(words);
    }

    [Fact]
    public async Task A_host_disk_that_must_exist_and_does_not_is_refused()
    {
        await using var pod = await StartAsync();
        Directory.CreateDirectory($"{pod.Volumes}/host");

        var refusal = await Should.ThrowAsync<DiskException>(() =>
            Preparer.PrepareAsync(pod.Place, pod.Pid, new VolumeRequest("host", DiskSource.HostDisk) { Path = "disk.img" }, null, Ct));

        refusal.Message.ShouldBe("volume host: disk.img does not exist in the node's folder");
    }

    private static async Task<ScratchPod> StartAsync()
    {
        Tool.RequireRoot();
        return await ScratchPod.StartAsync();
    }

    private static void MakeFile(string path, long size)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, FileMode.Create);
        file.SetLength(size);
    }
}
