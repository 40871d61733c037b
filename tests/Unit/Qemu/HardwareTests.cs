using System.Text.Json;
using Godwit.Qemu;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Qemu;

public sealed class HardwareTests
{
    private static readonly HardwareDefinition Hardware = HardwarePlanner.Plan(new HardwareRequest
    {
        MachineType = "pc-q35-10.0",
        CpuModel = "Westmere",
        CpuFeatures = ["+aes", "-rdtscp"],
        MemoryBytes = 512L << 20,
        Vcpus = new CpuTopology(1, 2, 1),
        Uuid = "6f0e8a52-59d9-4ef5-a3c2-6ec1f7b6b0f1",
        Accelerator = "tcg",
        Disks = [new DiskRequest("root", BootOrder: 1), new DiskRequest("seed", "sata", Cdrom: true), new DiskRequest("data", "scsi", Serial: "S1")],
        Nics = [new NicRequest("default", "02:00:00:aa:bb:cc")],
        Rng = true,
    });

    [Fact]
    public void Every_PCI_device_has_a_port_of_its_own_and_a_fixed_address()
    {
        var onPorts = Hardware.Devices.Where(d => d.Bus?.StartsWith("port", StringComparison.Ordinal) == true).ToArray();
        onPorts.Select(d => d.Bus).ShouldBeUnique();
        onPorts.ShouldAllBe(d => d.Addr == "0x0");
        var ports = Hardware.Devices.Where(d => d.Kind == DeviceKinds.RootPort).ToArray();
        ports.Length.ShouldBe(onPorts.Length + HardwarePlanner.SparePorts);
        ports.Select(d => d.Addr).ShouldBeUnique();
        ports.Select(d => d.Properties["chassis"]).ShouldBeUnique();
    }

    [Fact]
    public void A_definition_survives_its_file()
    {
        var json = JsonSerializer.Serialize(Hardware, QemuJson.Default.HardwareDefinition);
        var back = JsonSerializer.Deserialize(json, QemuJson.Default.HardwareDefinition)!;
        HardwareComparison.Compare(Hardware, back).ShouldBeEmpty();
    }

    [Fact]
    public void Swapped_disks_another_MAC_and_another_CPU_are_seen()
    {
        Differences(h => h with { CpuModel = "Nehalem" }).ShouldBe(["CPU model is Westmere at the source and Nehalem at the target"]);
        Differences(h => h with { MemoryBytes = 1 }).Count.ShouldBe(1);
        Change("default", d => d.Properties["mac"] = "02:00:00:00:00:01").ShouldHaveSingleItem().ShouldContain("mac of device default");
        Differences(h => h with { Devices = [.. h.Devices.Select(d => d.Id == "root" ? d with { Bus = "port7" } : d)] })
            .ShouldHaveSingleItem().ShouldContain("bus of device root");
        Differences(h => h with { Devices = [.. h.Devices.Where(d => d.Id != "default")] }).ShouldHaveSingleItem().ShouldContain("missing at the target");
    }

    [Fact]
    public void The_order_of_devices_and_features_does_not_matter() =>
        Differences(h => h with { Devices = [.. h.Devices.Reverse()], CpuFeatures = [.. h.CpuFeatures.Reverse()] }).ShouldBeEmpty();

    [Fact]
    public void The_command_line_is_what_it_was()
    {
        var lines = CommandLine.Build(Hardware, Bindings(), incoming: true);
        string.Join('\n', lines).ReplaceLineEndings("\n").ShouldBe(
            """
            -name
            guest=a,,b,debug-threads=on
            -uuid
            6f0e8a52-59d9-4ef5-a3c2-6ec1f7b6b0f1
            -nodefaults
            -no-user-config
            -msg
            timestamp=on
            -sandbox
            on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
            -accel
            tcg
            -machine
            pc-q35-10.0,usb=off,vmport=off,dump-guest-core=off,memory-backend=pc.ram
            -cpu
            Westmere,aes=on,rdtscp=off
            -smp
            2,sockets=1,cores=2,threads=1
            -m
            size=524288k
            -object
            memory-backend-ram,id=pc.ram,size=536870912,prealloc=on,prealloc-threads=2
            -rtc
            base=utc,driftfix=slew
            -boot
            strict=on
            -S
            -incoming
            defer
            -chardev
            socket,id=mon-control,path=/run/x/control.sock,server=on,wait=off
            -mon
            chardev=mon-control,mode=control
            -chardev
            socket,id=mon-watch,path=/run/x/watch.sock,server=on,wait=off
            -mon
            chardev=mon-watch,mode=control
            -chardev
            socket,id=mon-launcher,path=/run/x/launcher.sock,server=on,wait=off
            -mon
            chardev=mon-launcher,mode=control
            -kernel
            /k
            -initrd
            /i
            -append
            quiet a,b
            -display
            none
            -device
            pcie-root-port,id=port0,bus=pcie.0,addr=0x2.0x0,chassis=1,multifunction=on,port=0x10
            -device
            pcie-root-port,id=port1,bus=pcie.0,addr=0x2.0x1,chassis=2,port=0x11
            -device
            pcie-root-port,id=port2,bus=pcie.0,addr=0x2.0x2,chassis=3,port=0x12
            -device
            pcie-root-port,id=port3,bus=pcie.0,addr=0x2.0x3,chassis=4,port=0x13
            -device
            pcie-root-port,id=port4,bus=pcie.0,addr=0x2.0x4,chassis=5,port=0x14
            -device
            pcie-root-port,id=port5,bus=pcie.0,addr=0x2.0x5,chassis=6,port=0x15
            -device
            pcie-root-port,id=port6,bus=pcie.0,addr=0x2.0x6,chassis=7,port=0x16
            -device
            pcie-root-port,id=port7,bus=pcie.0,addr=0x2.0x7,chassis=8,port=0x17
            -device
            pcie-root-port,id=port8,bus=pcie.0,addr=0x3.0x0,chassis=9,multifunction=on,port=0x18
            -netdev
            tap,id=net-default,ifname=tap0,script=no,downscript=no
            -device
            virtio-net-pci,id=default,bus=port0,addr=0x0,netdev=net-default,mac=02:00:00:aa:bb:cc,romfile=
            -blockdev
            {"driver":"qcow2","node-name":"d-root","read-only":false,"file":{"driver":"file","node-name":"d-root-f","filename":"/d/root.qcow2","read-only":false,"aio":"threads","cache":{"direct":false,"no-flush":false}},"cache":{"direct":false,"no-flush":false},"discard":"unmap","backing":{"driver":"raw","node-name":"d-root-b","read-only":true,"file":{"driver":"file","node-name":"d-root-bf","filename":"/images/disk.img","read-only":true,"aio":"threads","cache":{"direct":false,"no-flush":false}}}}
            -device
            virtio-blk-pci,id=root,bus=port1,addr=0x0,drive=d-root,bootindex=1
            -device
            virtio-scsi-pci,id=scsi0,bus=port2,addr=0x0
            -device
            virtio-balloon-pci,id=balloon0,bus=port3,addr=0x0,deflate-on-oom=on,free-page-reporting=on
            -object
            rng-random,id=rng-rng0,filename=/dev/urandom
            -device
            virtio-rng-pci,id=rng0,bus=port4,addr=0x0,rng=rng-rng0
            -blockdev
            {"driver":"raw","node-name":"d-seed","read-only":true,"file":{"driver":"file","node-name":"d-seed-f","filename":"/d/seed.iso","read-only":true,"aio":"threads","cache":{"direct":false,"no-flush":false}},"cache":{"direct":false,"no-flush":false}}
            -device
            ide-cd,id=seed,bus=ide.0,drive=d-seed
            -blockdev
            {"driver":"raw","node-name":"d-data","read-only":false,"file":{"driver":"file","node-name":"d-data-f","filename":"/d/data.img","read-only":false,"aio":"threads","cache":{"direct":false,"no-flush":false}},"cache":{"direct":false,"no-flush":false},"discard":"unmap"}
            -device
            scsi-hd,id=data,bus=scsi0.0,drive=d-data,channel=0,lun=0,scsi-id=0,serial=S1
            -chardev
            socket,id=char-serial0,path=/run/x/serial-qemu.sock,server=on,wait=on
            -device
            isa-serial,id=serial0,chardev=char-serial0,index=0
            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_guest_that_boots_is_held_and_waits_for_nothing()
    {
        var lines = CommandLine.Build(Hardware, Bindings(), incoming: false);
        lines.ShouldContain("-S");
        lines.ShouldNotContain("-incoming");
    }

    [Fact]
    public void A_disk_without_an_image_is_an_error_that_names_it() =>
        Should.Throw<ArgumentException>(() => CommandLine.Build(Hardware, Bindings() with { Disks = new Dictionary<string, DiskBinding>(StringComparer.Ordinal) }, false))
            .Message.ShouldContain("root");

    [Fact]
    public void What_has_to_travel_is_the_writable_disks_that_no_other_host_sees()
    {
        var bindings = Bindings();
        Domain.Create(Hardware, bindings, incoming: false).CopiedDisks.ShouldBe([new CopiedDisk("d-root", true), new CopiedDisk("d-data", false)]);
        var disks = bindings.Disks.ToDictionary(d => d.Key, d => d.Value with { Shared = true }, StringComparer.Ordinal);
        Domain.Create(Hardware, bindings with { Disks = disks }, incoming: false).CopiedDisks.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)", "10.0.2", false)]
    [InlineData("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u19)", "7.2.22", true)]
    [InlineData("QEMU emulator version 11.1.0", "11.1.0", false)]
    public void An_old_QEMU_is_refused_with_its_remedy(string banner, string version, bool refused)
    {
        var read = QemuVersion.FromBanner(banner)!;
        read.ToString().ShouldBe(version);
        (read.Unsuitable() is { } problem).ShouldBe(refused);
        if (read.Unsuitable() is { } words)
        {
            words.ShouldContain("qemu-system-x86");
            words.ShouldContain("bookworm-backports");
        }
    }

    [Fact]
    public void Only_models_with_a_fixed_meaning_are_usable()
    {
        CpuModelInfo[] offered =
        [
            new() { Name = "max" },
            new() { Name = "Westmere", MigrationSafe = true },
            new() { Name = "EPYC", MigrationSafe = true, UnavailableFeatures = ["osvw"] },
        ];
        var usable = CpuModels.Usable(offered);
        usable.ShouldBe(["Westmere"]);
        CpuModels.Choose(usable.ToHashSet(StringComparer.Ordinal)).ShouldBe("Westmere");
        CpuModels.WhyNot("host", usable.ToHashSet(StringComparer.Ordinal)).ShouldNotBeNull();
        CpuModels.WhyNot("EPYC", usable.ToHashSet(StringComparer.Ordinal)).ShouldNotBeNull();
    }

    [Fact]
    public void Node_names_stay_within_QEMUs_limit() =>
        NodeNames.For(new string('v', 63)).Length.ShouldBeLessThan(30);

    private static BackendBindings Bindings() => new()
    {
        Name = "a,b",
        Folder = "/run/x",
        PreallocateMemory = true,
        Kernel = new KernelBinding("/k", "/i", "quiet a,b"),
        Disks = new Dictionary<string, DiskBinding>(StringComparer.Ordinal)
        {
            ["root"] = new() { NodeName = "d-root", Path = "/d/root.qcow2", Format = "qcow2", Backing = new BackingImage("/images/disk.img", "raw") },
            ["seed"] = new() { NodeName = "d-seed", Path = "/d/seed.iso", ReadOnly = true },
            ["data"] = new() { NodeName = "d-data", Path = "/d/data.img" },
        },
        Nics = new Dictionary<string, NicBinding>(StringComparer.Ordinal) { ["default"] = new() { TapName = "tap0" } },
    };

    private static IReadOnlyList<string> Differences(Func<HardwareDefinition, HardwareDefinition> change) =>
        HardwareComparison.Compare(Hardware, change(Hardware));

    private static IReadOnlyList<string> Change(string id, Action<HardwareDevice> change) => Differences(h => h with
    {
        Devices =
        [
            .. h.Devices.Select(d =>
            {
                if (d.Id != id)
                {
                    return d;
                }

                var copy = d with { Properties = new SortedDictionary<string, string>(d.Properties, StringComparer.Ordinal) };
                change(copy);
                return copy;
            }),
        ],
    });
}
