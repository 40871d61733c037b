using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Disks;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class HardwareTests
{
    [Fact]
    public void A_guest_gets_a_versioned_machine_a_named_CPU_and_its_own_UUID()
    {
        var hardware = HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts);

        hardware.MachineType.ShouldBe("pc-q35-10.0");
        hardware.CpuModel.ShouldBe("Westmere");
        hardware.Uuid.ShouldBe(Given.VmiUid);
        hardware.MemoryBytes.ShouldBe(512L << 20);
        hardware.Find("nic-default")!.Properties["mac"].ShouldStartWith("02:");
    }

    [Fact]
    public void The_same_VMI_always_gets_the_same_hardware() =>
        HardwareComparison.Compare(HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts), HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts)).ShouldBeEmpty();

    [Fact]
    public void Recorded_hardware_comes_back_as_it_was()
    {
        var hardware = HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts);

        HardwareComparison.Compare(hardware, HardwareMapping.FromRecord(HardwareMapping.ToRecord(hardware))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("pc-q35-99.0", "pc-q35-99.0")]
    [InlineData("pc-i440fx-10.0", "pc-i440fx-10.0")]
    public void A_machine_type_that_the_node_lacks_is_refused_by_name(string type, string named)
    {
        var vmi = Changed(domain => domain with { Machine = new MachineSpec { Type = type } });

        Should.Throw<DomainException>(() => HardwareBuilder.Build(vmi, Given.NodeFacts)).Message.ShouldContain(named);
    }

    [Theory]
    [InlineData("host-passthrough")]
    [InlineData("EPYC-Genoa")]
    public void A_CPU_model_that_cannot_be_kept_is_refused(string model)
    {
        var vmi = Changed(domain => domain with { Cpu = new CpuSpec { Model = model } });

        Should.Throw<DomainException>(() => HardwareBuilder.Build(vmi, Given.NodeFacts)).Message.ShouldContain(model);
    }

    [Fact]
    public void CPU_features_keep_their_sign_and_optional_ones_are_left_out()
    {
        var vmi = Changed(domain => domain with
        {
            Cpu = new CpuSpec { Features = [new CpuFeature { Name = "aes" }, new CpuFeature { Name = "avx", Policy = "disable" }, new CpuFeature { Name = "x2apic", Policy = "optional" }] },
        });

        HardwareBuilder.Build(vmi, Given.NodeFacts).CpuFeatures.ShouldBe(["+aes", "-avx"]);
    }

    [Fact]
    public void The_command_line_names_every_image_and_the_tap()
    {
        var vmi = Given.Vmi();
        var hardware = HardwareBuilder.Build(vmi, Given.NodeFacts);
        DiskImage[] disks =
        [
            new DiskImage("root", DiskSource.ContainerDisk, "/var/run/godwit/disks/root.qcow2", "qcow2", 100, ReadOnly: false, Shared: false) { BackingPath = "/b.img", BackingFormat = "raw" },
            new DiskImage("scratch", DiskSource.EmptyDisk, "/var/run/godwit/disks/scratch.qcow2", "qcow2", 200, ReadOnly: false, Shared: false),
        ];

        var line = string.Join(' ', Domain.Create(hardware, BindingsBuilder.Build(vmi, disks, null, incoming: true), incoming: true).Arguments);

        line.ShouldContain("/var/run/godwit/disks/root.qcow2");
        line.ShouldContain("/b.img");
        line.ShouldContain("ifname=tap0");
        line.ShouldContain("-incoming defer");
        line.ShouldContain("prealloc=on");
    }

    private static VirtualMachineInstance Changed(Func<DomainSpec, DomainSpec> change)
    {
        var vmi = Given.Vmi();
        return vmi with { Spec = vmi.Spec! with { Domain = change(vmi.Spec.Domain!) } };
    }
}
