using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class DefaultsTests
{
    [Fact]
    public void The_smallest_VMI_is_filled_in()
    {
        var vmi = Given.Defaulted(Given.Vmi("""{"domain":{"memory":{"guest":"512Mi"}}}"""));
        var domain = vmi.Spec!.Domain!;
        vmi.Spec.Architecture.ShouldBe("amd64");
        vmi.Spec.EvictionStrategy.ShouldBe("None");
        domain.Machine!.Type.ShouldBe("q35");
        domain.Cpu.ShouldBe(new CpuSpec { Sockets = 1, Cores = 1, Threads = 1, Model = "host-model", MaxSockets = 4 });
        domain.Memory!.MaxGuest.ShouldBe("2Gi");
        domain.Firmware.ShouldNotBeNull();
        domain.Features.ShouldNotBeNull();
        domain.Devices!.Interfaces!.Single().Bridge.ShouldNotBeNull();
        vmi.Spec.Networks!.Single().Pod.ShouldNotBeNull();
        vmi.Metadata.Finalizers.ShouldBe([Finalizers.Vmi]);
        vmi.Metadata.Annotation(Annotations.PciTopologyVersion).ShouldBe("v3");
        vmi.Status!.Phase.ShouldBe("Pending");
        vmi.Status.PhaseTransitionTimestamps!.Single().PhaseTransitionTimestamp.ShouldBe(Given.Now);
        vmi.Status.Memory!.GuestAtBoot.ShouldBe("512Mi");
        vmi.Status.RuntimeUser.ShouldBe(107);
        vmi.Status.CurrentCPUTopology!.Sockets.ShouldBe(1);
    }

    [Fact]
    public void Filling_in_twice_changes_nothing()
    {
        var once = Given.Defaulted(Given.GoodVmi());
        JsonEquality.Same(once, Given.Defaulted(once), TypesJson.Default.VirtualMachineInstance).ShouldBeTrue();
    }

    [Fact]
    public void What_the_user_said_is_kept()
    {
        var vmi = Given.Defaulted(Given.Vmi("""
            {"evictionStrategy":"LiveMigrate","domain":{"cpu":{"cores":2,"model":"Haswell","maxSockets":1},
             "memory":{"guest":"1Gi","maxGuest":"1Gi"},"machine":{"type":"pc-q35-10.0"},
             "devices":{"autoattachPodInterface":false}}}
            """));
        var domain = vmi.Spec!.Domain!;
        vmi.Spec.EvictionStrategy.ShouldBe("LiveMigrate");
        domain.Cpu.ShouldBe(new CpuSpec { Sockets = 1, Cores = 2, Threads = 1, Model = "Haswell", MaxSockets = 1 });
        domain.Memory!.MaxGuest.ShouldBe("1Gi");
        domain.Machine!.Type.ShouldBe("pc-q35-10.0");
        vmi.Spec.Networks.ShouldBeNull();
    }

    [Fact]
    public void A_status_that_the_user_sends_is_dropped()
    {
        var vmi = Given.GoodVmi() with { Status = new VirtualMachineInstanceStatus { Phase = "Running", OwnerPodUID = "x" } };
        Given.Defaulted(vmi).Status!.OwnerPodUID.ShouldBeNull();
        var old = Given.RunningVmi();
        Defaults.ForUpdate(old, vmi, byComponent: false).Status.ShouldBe(old.Status);
        Defaults.ForUpdate(old, vmi, byComponent: true).Status.ShouldBe(vmi.Status);
    }

    [Theory]
    [InlineData("""{"requests":{"memory":"1Gi"}}""", "1Gi", 1)]
    [InlineData("""{"limits":{"memory":"2Gi","cpu":"2500m"}}""", "2Gi", 3)]
    [InlineData("""{"requests":{"memory":1073741824,"cpu":4}}""", "1073741824", 4)]
    public void Memory_and_sockets_follow_from_resources(string resources, string guest, long sockets)
    {
        var domain = Given.Defaulted(Given.Vmi($$$"""{"domain":{"resources":{{{resources}}}}}""")).Spec!.Domain!;
        domain.Memory!.Guest.ShouldBe(guest);
        domain.Cpu!.Sockets.ShouldBe(sockets);
    }

    [Fact]
    public void A_CPU_limit_alone_becomes_the_request_too()
    {
        var vmi = Given.Defaulted(Given.Vmi("""{"domain":{"resources":{"limits":{"cpu":"2"},"requests":{"memory":"1Gi"}}}}"""));
        vmi.Spec!.Domain!.Resources!.Requests!["cpu"].ShouldBe("2");
        vmi.Spec.Domain.Resources.Requests["memory"].ShouldBe("1Gi");
    }

    [Theory]
    [InlineData("fedora", "Always")]
    [InlineData("registry:5000/fedora", "Always")]
    [InlineData("fedora:latest", "Always")]
    [InlineData("registry:5000/fedora:40", "IfNotPresent")]
    [InlineData("fedora@sha256:0123", "IfNotPresent")]
    public void A_container_disk_is_pulled_each_time_only_when_its_name_may_move(string image, string policy)
    {
        var vmi = Given.Defaulted(Given.Vmi(
            $$$"""{"domain":{"memory":{"guest":"1Gi"}},"volumes":[{"name":"a","containerDisk":{"image":"{{{image}}}"}}]}"""));
        vmi.Spec!.Volumes!.Single().ContainerDisk!.ImagePullPolicy.ShouldBe(policy);
    }

    [Fact]
    public void Disks_get_their_device_and_bus_and_volumes_get_their_disk()
    {
        var vmi = Given.Defaulted(Given.Vmi("""
            {"domain":{"memory":{"guest":"1Gi"},"devices":{"disks":[{"name":"a"},{"name":"c","cdrom":{}}]}},
             "volumes":[{"name":"a","emptyDisk":{"capacity":"1Gi"}},{"name":"b","emptyDisk":{"capacity":"1Gi"}},
                        {"name":"c","emptyDisk":{"capacity":"1Gi"}}]}
            """));
        var disks = vmi.Spec!.Domain!.Devices!.Disks!;
        disks.Select(disk => disk.Name).ShouldBe(["a", "c", "b"]);
        disks[0].DiskDevice!.Bus.ShouldBe("virtio");
        disks[1].Cdrom.ShouldBe(new CdromTarget { Bus = "sata", Readonly = true, Tray = "closed" });
        disks[2].DiskDevice!.Bus.ShouldBe("virtio");
    }

    [Fact]
    public void The_cluster_may_prefer_masquerade_and_no_room_to_grow()
    {
        var vmi = Given.Defaulted(
            Given.Vmi("""{"domain":{"memory":{"guest":"1Gi"}}}"""),
            """{"network":{"defaultNetworkInterface":"masquerade"},"vmRolloutStrategy":"Stage","evictionStrategy":"LiveMigrate"}""");
        vmi.Spec!.Domain!.Devices!.Interfaces!.Single().Masquerade.ShouldNotBeNull();
        vmi.Spec.Domain.Cpu!.MaxSockets.ShouldBeNull();
        vmi.Spec.Domain.Memory!.MaxGuest.ShouldBeNull();
        vmi.Spec.EvictionStrategy.ShouldBe("LiveMigrate");
    }

    [Fact]
    public void A_migration_gets_its_label_and_its_finalizer_once()
    {
        var once = Defaults.ForCreate(Given.Migration());
        once.Metadata.Label(Labels.VmiName).ShouldBe("vmi-fedora");
        Defaults.ForCreate(once).Metadata.Finalizers.ShouldBe([Finalizers.Migration]);
    }
}
