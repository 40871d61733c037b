using System.Text;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Disks;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class VolumeRequestsTests
{
    [Fact]
    public void Disks_come_in_the_order_of_the_VMI() =>
        VolumeRequests.For(Given.Vmi(), VolumeFacts.None, withContents: true)
            .Select(request => (request.Volume, request.Source)).ShouldBe([("root", DiskSource.ContainerDisk), ("scratch", DiskSource.EmptyDisk)]);

    [Fact]
    public void A_claim_that_all_nodes_may_write_is_shared()
    {
        var vmi = With(new Volume { Name = "data", PersistentVolumeClaim = new ClaimVolume { ClaimName = "c" } });
        var facts = new VolumeFacts { Claims = new Dictionary<string, PersistentVolumeClaim> { ["c"] = Claim("ReadWriteMany") } };

        var request = VolumeRequests.For(vmi, facts, withContents: true).Single();

        request.Shared.ShouldBeTrue();
        request.Capacity.ShouldBe(1L << 30);
        request.MayCreate.ShouldBeTrue();
    }

    [Theory]
    [InlineData("ReadWriteMany", true)]
    [InlineData("ReadWriteOnce", false)]
    public void A_claim_of_mode_Block_is_a_device_and_shared_as_its_access_mode_says(string access, bool shared)
    {
        var claim = Claim(access);
        claim = claim with { Spec = claim.Spec! with { VolumeMode = "Block" } };
        var facts = new VolumeFacts { Claims = new Dictionary<string, PersistentVolumeClaim> { ["c"] = claim } };
        var vmi = With(new Volume { Name = "data", PersistentVolumeClaim = new ClaimVolume { ClaimName = "c" } });
        var request = VolumeRequests.For(vmi, facts, withContents: true).Single();
        (request.Source, request.BlockDevice, request.Shared).ShouldBe((DiskSource.Claim, true, shared));

        vmi = With(new Volume { Name = "data", Ephemeral = new EphemeralVolume { PersistentVolumeClaim = new ClaimVolume { ClaimName = "c" } } });
        request = VolumeRequests.For(vmi, facts, withContents: true).Single();
        (request.Source, request.BlockDevice).ShouldBe((DiskSource.ClaimLayer, true));
    }

    [Theory]
    [InlineData(null, true, true)]
    [InlineData("none", true, true)]
    [InlineData("writeback", true, false)]
    [InlineData(null, false, false)]
    public void A_block_device_is_read_past_the_nodes_page_cache_unless_the_VMI_says_otherwise(string? cache, bool device, bool direct)
    {
        var vmi = With(new Volume { Name = "data", PersistentVolumeClaim = new ClaimVolume { ClaimName = "c" } });
        vmi = vmi with
        {
            Spec = vmi.Spec! with
            {
                Domain = vmi.Spec.Domain! with
                {
                    Devices = vmi.Spec.Domain!.Devices! with { Disks = [.. vmi.Spec.Domain.Devices!.Disks!.Select(disk => disk with { Cache = cache })] },
                },
            },
        };
        var image = new DiskImage("data", DiskSource.Claim, "/dev/data", "raw", 1 << 20, ReadOnly: false, Shared: true) { BlockDevice = device };
        var disk = BindingsBuilder.Build(vmi, [image], firmware: null, incoming: false).Disks.Single().Value;
        (disk.BlockDevice, disk.DirectIo, disk.Shared).ShouldBe((device, direct, true));
    }

    [Fact]
    public void A_layer_over_a_block_device_is_a_file_and_what_is_below_it_is_not()
    {
        var vmi = With(new Volume { Name = "data", PersistentVolumeClaim = new ClaimVolume { ClaimName = "c" } });
        var image = new DiskImage("data", DiskSource.ClaimLayer, "/l.qcow2", "qcow2", 1 << 20, ReadOnly: false, Shared: false)
        {
            BackingPath = "/dev/data",
            BackingFormat = "raw",
            BlockDevice = true,
        };
        var disk = BindingsBuilder.Build(vmi, [image], firmware: null, incoming: false).Disks.Single().Value;
        var node = CommandLine.BlockNode(disk);
        node["file"]!["driver"]!.GetValue<string>().ShouldBe("file");
        node["backing"]!["file"]!["driver"]!.GetValue<string>().ShouldBe("host_device");
        node["backing"]!["file"]!["filename"]!.GetValue<string>().ShouldBe("/dev/data");
    }

    [Fact]
    public void A_claim_that_is_not_there_is_named()
    {
        var vmi = With(new Volume { Name = "data", PersistentVolumeClaim = new ClaimVolume { ClaimName = "c" } });

        Should.Throw<DiskException>(() => VolumeRequests.For(vmi, VolumeFacts.None, withContents: true))
            .Message.ShouldBe("volume data: there is no PersistentVolumeClaim c in this namespace");
    }

    [Fact]
    public void A_cloud_init_disk_holds_the_users_data_and_an_identity()
    {
        var vmi = With(new Volume { Name = "ci", CloudInitNoCloud = new CloudInitVolume { UserDataBase64 = Convert.ToBase64String("#cloud-config"u8), NetworkData = "version: 2" } });

        var iso = VolumeRequests.For(vmi, VolumeFacts.None, withContents: true).Single().Iso!;

        iso.Label.ShouldBe("cidata");
        Encoding.UTF8.GetString(iso.Files["user-data"]).ShouldBe("#cloud-config");
        Encoding.UTF8.GetString(iso.Files["meta-data"]).ShouldBe("instance-id: demo.default\nlocal-hostname: demo\n");
        Encoding.UTF8.GetString(iso.Files["network-config"]).ShouldBe("version: 2");
    }

    [Fact]
    public void A_targets_cloud_init_disk_needs_no_secret()
    {
        var vmi = With(new Volume { Name = "ci", CloudInitNoCloud = new CloudInitVolume { SecretRef = new LocalObjectReference { Name = "gone" } } });

        VolumeRequests.For(vmi, VolumeFacts.None, withContents: false).Single().Iso.ShouldBeNull();
        Should.Throw<DiskException>(() => VolumeRequests.For(vmi, VolumeFacts.None, withContents: true)).Message.ShouldContain("Secret \"gone\"");
    }

    [Fact]
    public void Less_room_than_the_claim_says_is_borne_up_to_a_tenth()
    {
        DiskPreparer.FittingSize("data", 1000 << 20, 2000L << 20).ShouldBe(1000 << 20);
        DiskPreparer.FittingSize("data", 1000 << 20, (950 << 20) + 5).ShouldBe(950 << 20);
        Should.Throw<DiskException>(() => DiskPreparer.FittingSize("data", 1000 << 20, 100 << 20)).Message.ShouldContain("only 104857600 are free");
    }

    private static PersistentVolumeClaim Claim(string mode) => new()
    {
        Spec = new PersistentVolumeClaimSpec { AccessModes = [mode] },
        Status = new PersistentVolumeClaimStatus { AccessModes = [mode], Capacity = new Dictionary<string, string> { ["storage"] = "1Gi" } },
    };

    private static VirtualMachineInstance With(Volume volume)
    {
        var vmi = Given.Vmi();
        var domain = vmi.Spec!.Domain!;
        return vmi with
        {
            Spec = vmi.Spec with
            {
                Volumes = [volume],
                Domain = domain with { Devices = domain.Devices! with { Disks = [new Disk { Name = volume.Name, DiskDevice = new DiskTarget() }] } },
            },
        };
    }
}
