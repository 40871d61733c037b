using System.Text;
using Godwit.Types;
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
