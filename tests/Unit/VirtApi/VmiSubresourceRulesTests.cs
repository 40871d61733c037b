using System.Text.Json;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtApi.Subresources;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class VmiSubresourceRulesTests
{
    private const string Conflict = "Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io \"vm\": ";

    private static VirtualMachineInstance Vmi(string phase = VmiPhases.Running, params string[] conditions) => new()
    {
        Metadata = new ObjectMeta { Name = "vm", Namespace = "default" },
        Spec = new VirtualMachineInstanceSpec(),
        Status = new VirtualMachineInstanceStatus
        {
            Phase = phase,
            Conditions = [.. conditions.Select(static c => new Condition { Type = c, Status = Conditions.True })],
        },
    };

    [Fact]
    public void What_makes_no_sense_in_a_VMIs_state_is_refused_in_KubeVirts_words()
    {
        VmiSubresourceRules.Pause(Vmi(VmiPhases.Scheduled))!.ShouldSay(409, Conflict + "VM is not running");
        VmiSubresourceRules.Pause(Vmi(conditions: Conditions.Paused))!.ShouldSay(409, Conflict + "VMI is already paused");
        VmiSubresourceRules.Unpause(Vmi(VmiPhases.Failed))!.ShouldSay(409, Conflict + "VMI is not running");
        VmiSubresourceRules.Unpause(Vmi())!.ShouldSay(409, Conflict + "VMI is not paused");
        VmiSubresourceRules.GuestAgent(Vmi(VmiPhases.Pending))!.ShouldSay(409, Conflict + "VMI is not running");
        VmiSubresourceRules.GuestAgent(Vmi())!.ShouldSay(409, Conflict + "VMI does not have guest agent connected");
        VmiSubresourceRules.Vnc(Vmi(VmiPhases.Scheduled))!.ShouldSay(400, "VMI is not running");
        VmiSubresourceRules.Reset(Vmi(VmiPhases.Pending))!.ShouldSay(
            400,
            "Failed to reset non-running VMI with phase Pending: Unable to connect to VirtualMachineInstance because phase is Pending instead of Running or Scheduled");
    }

    [Fact]
    public void A_soft_reboot_needs_an_agent_and_a_guest_that_is_not_paused()
    {
        VmiSubresourceRules.SoftReboot(Vmi(VmiPhases.Scheduled))!.ShouldSay(409, Conflict + "VM is not running");
        VmiSubresourceRules.SoftReboot(Vmi(VmiPhases.Running, Conditions.AgentConnected, Conditions.Paused))!.ShouldSay(409, Conflict + "VMI is paused");
        VmiSubresourceRules.SoftReboot(Vmi(conditions: Conditions.AgentConnected)).ShouldBeNull();
        VmiSubresourceRules.SoftReboot(Vmi())!.Message.ShouldContain("does not have guest agent connected");
        var without = Vmi() with { Spec = new() { Domain = new() { Features = new() { Acpi = new() { Enabled = false } } } } };
        VmiSubresourceRules.SoftReboot(without)!.ShouldSay(409, Conflict + "VMI neither have the agent connected nor the ACPI feature enabled");
    }

    [Theory]
    [InlineData("22", "tcp", "10.98.1.7", "10.98.1.7:22")]
    [InlineData("22", "tcp", "fd00::7", "[fd00::7]:22")]
    [InlineData("22", "udp", "10.98.1.7", "protocol udp is not offered; use tcp")]
    [InlineData("0", "tcp", "10.98.1.7", "\"0\" is no port")]
    [InlineData("70000", "tcp", "10.98.1.7", "\"70000\" is no port")]
    [InlineData("22", "tcp", null, "no network interfaces are present")]
    public void A_port_is_forwarded_to_the_VMIs_first_address(string port, string protocol, string? address, string expected)
    {
        var vmi = Vmi() with { Status = new() { Phase = VmiPhases.Running, Interfaces = address is null ? [] : [new InterfaceStatus { IpAddress = address }] } };

        var target = PortTarget.Decide(vmi, port, protocol);

        (target.Endpoint?.ToString() ?? target.Refusal!.Message).ShouldBe(expected);
        PortTarget.Decide(Vmi(conditions: Conditions.Paused), port, protocol).Refusal!.ShouldSay(409, Conflict + "VMI is paused");
    }

    [Fact]
    public void What_makes_sense_is_let_through()
    {
        VmiSubresourceRules.Pause(Vmi()).ShouldBeNull();
        VmiSubresourceRules.Unpause(Vmi(conditions: Conditions.Paused)).ShouldBeNull();
        VmiSubresourceRules.Reset(Vmi()).ShouldBeNull();
        VmiSubresourceRules.Vnc(Vmi()).ShouldBeNull();
        VmiSubresourceRules.GuestAgent(Vmi(conditions: Conditions.AgentConnected)).ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"httpGet":{"port":80}}""", false)]
    [InlineData("""{"guestAgentPing":{}}""", true)]
    public void A_VMI_whose_liveness_is_probed_from_outside_is_not_paused(string probe, bool allowed)
    {
        var vmi = Vmi();
        vmi = vmi with { Spec = vmi.Spec! with { LivenessProbe = JsonDocument.Parse(probe).RootElement } };

        var refusal = VmiSubresourceRules.Pause(vmi);

        (refusal is null).ShouldBe(allowed);
        refusal?.ShouldSay(
            403,
            "virtualmachineinstance.kubevirt.io \"vm\" is forbidden: Pausing VMIs with a non-GuestAgentPing LivenessProbe is not supported");
    }

    [Fact]
    public void A_VMI_without_graphics_has_no_VNC_though_it_runs()
    {
        var vmi = Vmi();
        vmi = vmi with { Spec = vmi.Spec! with { Domain = new DomainSpec { Devices = new DevicesSpec { AutoattachGraphicsDevice = false } } } };

        VmiSubresourceRules.Vnc(vmi)!.ShouldSay(400, "No graphics devices are present.");
    }

    [Fact]
    public void A_refusal_travels_as_a_Status_that_names_the_VMI()
    {
        var status = SubresourceRefusal.Conflict("vm", "VMI is not paused").ToStatus();

        status.Text("kind").ShouldBe("Status");
        status.Text("reason").ShouldBe("Conflict");
        status.Integer("code").ShouldBe(409);
        status.Text("details", "name").ShouldBe("vm");
        status.Text("details", "kind").ShouldBe("virtualmachineinstance");
    }
}

internal static class RefusalAssertions
{
    public static void ShouldSay(this SubresourceRefusal refusal, int code, string message)
    {
        refusal.Message.ShouldBe(message);
        refusal.Code.ShouldBe(code);
    }
}
