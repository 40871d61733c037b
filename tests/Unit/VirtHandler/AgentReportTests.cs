using System.Text.Json;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Agents;
using Godwit.VirtHandler.Boot;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class AgentReportTests
{
    private static readonly AgentReport Told = new(
        new GuestOsInfo { Id = "debian", PrettyName = "Debian 13", KernelRelease = "6.12" },
        [
            new GuestInterface { Name = "lo", HardwareAddress = "00:00:00:00:00:00", IpAddresses = [new("127.0.0.1", "ipv4", 8)] },
            new GuestInterface { Name = "enp1s0", HardwareAddress = Mac.ToUpperInvariant(), IpAddresses = [new("10.0.2.2", "ipv4", 24)] },
            new GuestInterface { Name = "docker0", HardwareAddress = "02:42:00:00:00:01", IpAddresses = [new("172.17.0.1", "ipv4", 16)] },
        ]);

    private static string Mac => HardwareBuilder.Mac(Given.Vmi().Spec!.Domain!.Devices!.Interfaces![0], Given.VmiUid);

    [Fact]
    public void What_the_agent_tells_is_in_the_status_as_long_as_it_is_connected()
    {
        var with = Report(Told).Status!;

        with.Conditions.IsTrue(Conditions.AgentConnected).ShouldBeTrue();
        with.GuestOSInfo!.Value.GetProperty("prettyName").GetString().ShouldBe("Debian 13");
        with.GuestOSInfo.Value.TryGetProperty("versionId", out _).ShouldBeFalse();
        var without = Report(null, Report(Told)).Status!;
        without.Conditions.Find(Conditions.AgentConnected).ShouldBeNull();
        without.GuestOSInfo.ShouldBeNull();
        without.Interfaces!.ShouldHaveSingleItem().InfoSource.ShouldBe("domain");
    }

    [Fact]
    public void A_card_keeps_the_pods_address_and_gets_the_guests_name_and_what_only_the_guest_knows_comes_after()
    {
        var interfaces = Report(Told).Status!.Interfaces!;

        (interfaces[0].Name, interfaces[0].InterfaceName, interfaces[0].IpAddress, interfaces[0].InfoSource)
            .ShouldBe(("default", "enp1s0", "10.98.1.7", "domain, guest-agent"));
        (interfaces[1].Name, interfaces[1].InterfaceName, interfaces[1].IpAddress, interfaces[1].InfoSource)
            .ShouldBe((null, "docker0", "172.17.0.1", "guest-agent"));
        interfaces.Count.ShouldBe(2);
    }

    [Fact]
    public void An_agent_that_is_silent_for_a_while_takes_nothing_back()
    {
        var silent = Report(AgentReport.Empty, Report(Told)).Status!;

        silent.Conditions.IsTrue(Conditions.AgentConnected).ShouldBeTrue();
        silent.GuestOSInfo!.Value.GetProperty("id").GetString().ShouldBe("debian");
    }

    [Fact]
    public void The_overview_has_KubeVirts_form()
    {
        var info = AgentDocuments.Info(
            new GuestAgentInfo { Version = "9.2.0", SupportedCommands = [new("guest-ping", true), new("guest-exec", false)] },
            new GuestOsInfo { Id = "debian" },
            new GuestHostName("db1"),
            new GuestTimezone("CET", 3600),
            [new GuestUser("root", null, 1700000000.25)],
            [new GuestFilesystem { Name = "vda1", Mountpoint = "/", Type = "ext4", UsedBytes = 5, TotalBytes = 9, Disk = [new("S", "virtio")] }]);

        info.ToJsonString().ShouldBe(
            """{"guestAgentVersion":"9.2.0","supportedCommands":[{"name":"guest-ping","enabled":true},{"name":"guest-exec"}],"hostname":"db1","os":{"id":"debian"},"timezone":"CET, 3600","userList":[{"userName":"root","loginTime":1700000000.25}],"fsInfo":{"disks":[{"diskName":"vda1","mountPoint":"/","fileSystemType":"ext4","usedBytes":5,"totalBytes":9,"disk":[{"serial":"S","busType":"virtio"}]}]}}""");
        AgentDocuments.Users([new GuestUser("root", "d", 1)]).ToJsonString().ShouldBe("""{"metadata":{},"items":[{"userName":"root","domain":"d","loginTime":1}]}""");
    }

    [Fact]
    public void A_guest_that_was_recorded_without_the_channel_is_rebuilt_without_it()
    {
        var today = HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts);
        var recorded = HardwarePlanner.Plan(new HardwareRequest
        {
            MachineType = today.MachineType,
            CpuModel = today.CpuModel,
            MemoryBytes = today.MemoryBytes,
            Uuid = today.Uuid,
            Accelerator = today.Accelerator,
            Disks = [new DiskRequest("disk-root"), new DiskRequest("disk-scratch")],
            Nics = [new NicRequest("nic-default", Mac)],
        });

        today.Find(HardwarePlanner.AgentPortId).ShouldNotBeNull();
        HardwareComparison.Compare(today, HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts, today)).ShouldBeEmpty();
        HardwareComparison.Compare(recorded, HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts, recorded)).ShouldBeEmpty();
        foreach (var device in recorded.Devices)
        {
            JsonSerializer.Serialize(today.Find(device.Id), QemuJson.Default.HardwareDevice).ShouldBe(JsonSerializer.Serialize(device, QemuJson.Default.HardwareDevice));
        }
    }

    [Fact]
    public void The_channel_has_its_socket_in_the_domains_folder()
    {
        var line = string.Join('\n', CommandLine.Build(
            HardwarePlanner.Plan(new HardwareRequest { MachineType = "pc-q35-10.0", CpuModel = "Westmere", MemoryBytes = 1 << 20, Uuid = Given.VmiUid, Accelerator = "tcg", AgentChannel = true }),
            new BackendBindings { Name = "x", Folder = "/run/x" },
            incoming: false));

        line.ShouldContain("socket,id=char-agent0,path=/run/x/agent.sock,server=on,wait=off");
        line.ShouldContain("virtio-serial-pci,id=virtserial0,bus=port1,addr=0x0");
        line.ShouldContain("virtserialport,id=agent0,bus=virtserial0.0,chardev=char-agent0,name=org.qemu.guest_agent.0,nr=1");
    }

    private static VirtualMachineInstance Report(AgentReport? agent, VirtualMachineInstance? before = null)
    {
        var vmi = before ?? Given.Vmi(VmiPhases.Running);
        vmi = vmi with { Status = vmi.Status! with { Hardware = HardwareMapping.ToRecord(HardwareBuilder.Build(Given.Vmi(), Given.NodeFacts)) } };
        return GuestReport.Apply(
            Given.Facts(vmi) with { HasDomain = true, Guest = new GuestState(RunStates.Running, Running: true, AgentConnected: agent is not null), Agent = agent },
            VmiPhases.Running);
    }
}
